/** The numbered things that the simulator has to know about ZFS; docs/reliability.md says what each is. */
export const SEMANTICS: readonly number[] = Array.from({length: 45}, (_, index) => index + 1)

/** Those that no sequence of commands on one host shows, and where else they are shown. */
export const NOT_PROBED: Readonly<Record<number, string>> = {
  39: 'a race inside one listing, which nobody can time from outside: outputs with lost lines in the enumeration',
  40: 'needs a pool that is full: the lab scenarios have one',
  41: 'needs a disk that fails: commands that hang in the enumeration',
  42: 'needs users with delegated permissions: test/lab',
  44: 'the program sets LC_ALL=C for every child: test/unit/zfs-client, test/script/executable.test.ts',
  45: 'processes and pipes: test/lab/kill.test.ts',
}

#!/bin/sh
# Runs in the guest: a cycle for each line `VICTIM NUMBER` on stdin, in which VICTIM is killed at the command of that
# NUMBER, and then runs until one ends well, three at most. Prints for each a line `= VICTIM NUMBER RUNS COMMAND`, and
# then everything that is on both sides.
#
# usage: cycles.sh CONFIG-OVER-SSH CONFIG-LOCAL SENDER RECEIVER
#   active, stdinserver, ssh   that process, when ZFS is asked for something, and ZFS does not do it
#   before, after              the command itself, instead of doing anything and when it has done everything
#   amid                       a `zfs send` whose stream is on its way, and the `zfs receive` that reads it
#   none                       nothing is killed: RUNS is the number of commands
over_ssh=$1 local=$2 src=$3 dst=$4
state=/run/kill

cycle() { zrepl replicate offsite --config "$config" >$state/out 2>&1; }
# Everything that was started has gone.
quiet() { while pgrep -x 'zrepl|ssh|zfs\.real' >/dev/null; do :; done; }

tell() {
  echo "= $*"
  for side in "$src" "$dst/backups/killed/$src"; do
    zfs.real list -Hp -t filesystem,snapshot,bookmark -o name,guid,userrefs,receive_resume_token -s createtxg -r "$side/data"
  done
}

# Goes on from the call before: a round whose snapshot exists already would have nothing to send.
round=$(cat $state/round 2>/dev/null || echo 0)
while read -r victim number; do
  round=$((round + 1))
  echo $round >$state/round
  case $victim in
    before | after | amid) config=$local ;;
    *) config=$over_ssh ;;
  esac
  for fs in data 'data/a b'; do head -c 200000 /dev/urandom >"/mnt/$src/$fs/file"; done
  zfs.real snapshot -r "$src/data@round$round"
  : >$state/started
  : >$state/command
  echo "$victim $number" >$state/at
  cycle
  quiet
  : >$state/at
  if [ "$victim" = none ]; then
    tell none 0 "$(wc -l <$state/started)"
    continue
  fi
  runs=1
  while ! cycle; do
    [ $runs = 3 ] && break
    runs=$((runs + 1))
  done
  tell "$victim" "$number" "$runs" "$(cat $state/command)"
  # Old rounds go, so that the listings stay short.
  if [ $((round % 6)) = 0 ]; then
    for side in "$src" "$dst/backups/killed/$src"; do zfs.real destroy -r "$side/data@%round$((round - 1))"; done
  fi
done </run/kill/moments

import type {Fault, Place} from './fault.ts'
import {DEFAULTS, type WorldOptions} from './options.ts'
import type {Scenario} from './scenario.ts'

/**
 * Makes a scenario that fails smaller while it goes on failing: fewer faults, fewer datasets, options as they usually
 * are. What is left is what matters.
 */
export async function shrink(
  scenario: Scenario,
  fails: (scenario: Scenario) => Promise<boolean>,
): Promise<Scenario> {
  for (const smaller of candidates(scenario)) if (await fails(smaller)) return await shrink(smaller, fails)
  return scenario
}

function candidates(scenario: Scenario): readonly Scenario[] {
  const {options, faults} = scenario
  const withoutFault =
    faults.length < 2 ? [] : faults.map((_, index) => ({...scenario, faults: faults.toSpliced(index, 1)}))
  const {children = DEFAULTS.children} = options
  const withoutChild = children.map((_, index) => ({
    ...scenario,
    options: {...options, children: children.toSpliced(index, 1)},
  }))
  const usual = (Object.keys(options) as (keyof WorldOptions)[])
    .filter((key) => key !== 'children' && key !== 'direction')
    .map((key) => ({...scenario, options: without(options, key)}))
  return [...withoutFault, ...usual, ...withoutChild]
}

function without(options: Partial<WorldOptions>, key: keyof WorldOptions): Partial<WorldOptions> {
  return Object.fromEntries(Object.entries(options).filter(([name]) => name !== key))
}

/** The same faults by the verb of their command, which lasts longer than a position among all commands. */
export function byVerb(scenario: Scenario, trace: readonly {readonly argv: readonly string[]}[]): Scenario {
  const placeOf = (at: Place): Place => {
    const verb = typeof at === 'number' ? trace[at]?.argv[0] : undefined
    if (verb === undefined) return at
    return `${verb}:${trace.slice(0, Number(at)).filter(({argv}) => argv[0] === verb).length}`
  }
  const move = (fault: Fault): Fault => (fault.kind === 'frame' ? fault : {...fault, at: placeOf(fault.at)})
  return {...scenario, faults: scenario.faults.map(move)}
}

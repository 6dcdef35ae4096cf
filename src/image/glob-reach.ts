/**
 * Whether a glob can match any name at all. Names form a regular language, and so do the texts that a glob matches, so the
 * question is decided exactly: the glob walks the automaton of the language, and of each state only the shortest way counts.
 */

export interface Language {
  readonly start: string;
  /** `undefined`: no name goes on like this. */
  next(state: string, character: string): string | undefined;
  /** Where a name may end. */
  readonly ends: ReadonlySet<string>;
  readonly maxLength: number;
  /** A character for each way to go on: all that `*` need stand for. */
  readonly alphabet: readonly string[];
}

/** How many characters it takes at least to get to each state. */
type Reached = ReadonlyMap<string, number>;

export function canMatch(glob: string, language: Language): boolean {
  let reached: Reached = new Map([[language.start, 0]]);
  for (const character of glob) {
    reached = character === '*' ? behindStar(reached, language) : behind(reached, character, language);
    if (reached.size === 0) return false;
  }
  return [...reached].some(([state, length]) => language.ends.has(state) && length <= language.maxLength);
}

function behind(reached: Reached, character: string, language: Language): Reached {
  const after = new Map<string, number>();
  for (const [state, length] of reached) keepShorter(after, language.next(state, character), length + 1);
  return after;
}

/** Until nothing changes: as often as there are states, of which there are few. */
function behindStar(reached: Reached, language: Language): Reached {
  let after = reached;
  for (let before: Reached | undefined; before === undefined || !isSame(before, after);) {
    before = after;
    after = oneFurther(before, language);
  }
  return after;
}

/** With those that are reached without a step. */
function oneFurther(reached: Reached, language: Language): Reached {
  const after = new Map(reached);
  for (const [state, length] of reached) {
    for (const character of language.alphabet) keepShorter(after, language.next(state, character), length + 1);
  }
  return after;
}

function isSame(one: Reached, other: Reached): boolean {
  return one.size === other.size && [...one].every(([state, length]) => other.get(state) === length);
}

function keepShorter(reached: Map<string, number>, state: string | undefined, length: number): void {
  if (state !== undefined && length < (reached.get(state) ?? Infinity)) reached.set(state, length);
}

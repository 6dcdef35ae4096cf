/**
 * Decides whether a glob can match any name. Names and the texts that a glob matches are regular languages, so the result is
 * exact: the glob walks the automaton of the names, and only the shortest path to each state counts.
 */

export interface Language {
  readonly start: string;
  /** `undefined`: no name continues with this character. */
  next(state: string, character: string): string | undefined;
  /** States where a name can end. */
  readonly ends: ReadonlySet<string>;
  readonly maxLength: number;
  /** One character per class of transitions, which are sufficient for `*`. */
  readonly alphabet: readonly string[];
}

/** The minimum number of characters to reach each state. */
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

/** Repeats until nothing changes, at most once per state. */
function behindStar(reached: Reached, language: Language): Reached {
  let after = reached;
  for (let before: Reached | undefined; before === undefined || !isSame(before, after);) {
    before = after;
    after = oneFurther(before, language);
  }
  return after;
}

/** Adds the states that one more character reaches. */
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

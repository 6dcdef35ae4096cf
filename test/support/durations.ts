/** Formats the durations of the steps of .ci/run and of the slowest test files as a table. */

/** A step or a test file, with its duration. */
export interface NamedDuration {
  readonly name: string;
  readonly milliseconds: number;
}

const SLOWEST = 10;

/** Parses the file that .ci/run writes: a line for each step, with its milliseconds, a tab, and its name. */
export function parseSteps(text: string): readonly NamedDuration[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const [milliseconds, name = ''] = line.split('\t');
    return { name, milliseconds: Number(milliseconds) };
  });
}

export function formatDurations(
  steps: readonly NamedDuration[],
  files: readonly NamedDuration[],
  total: number,
): string {
  const slowest = files.toSorted((left, right) => right.milliseconds - left.milliseconds).slice(0, SLOWEST);
  const all = { name: 'total (some steps run side by side)', milliseconds: total };
  return [
    ['step', ...rows([...steps, all])],
    ['slowest test file', ...rows(slowest)],
  ]
    .map(([title = '', ...lines]) => [`${title.padEnd(WIDTH)}  seconds`, ...lines, ''].join('\n'))
    .join('\n');
}

const WIDTH = 56;

function rows(timed: readonly NamedDuration[]): readonly string[] {
  return timed.map(
    ({ name, milliseconds }) => `${name.padEnd(WIDTH)}  ${(milliseconds / 1000).toFixed(1).padStart(7)}`,
  );
}

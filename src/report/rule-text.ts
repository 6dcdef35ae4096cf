/** Formats rules for terminals, and as rows for JSON output. */
import { type ParameterRow, parameterNote, parameterRows } from '../policy/parameter-rows.ts';
import type { Need } from '../policy/fact.ts';
import type { ParameterSchema, Rule, RuleDocs } from '../policy/rule.ts';
import type { Paint } from './paint.ts';
import { yamlText } from './yaml-text.ts';

/** An item of `rules -o json`, and the output of `explain rule -o json`. */
export interface RuleRow {
  readonly name: string;
  readonly description: string;
  /** The facts that the rule needs in addition to the object. */
  readonly needs: readonly string[];
  /** JSON Schema, draft 2020-12. */
  readonly parameters: ParameterSchema;
  readonly why: string | null;
  readonly remedy: string | null;
  readonly example: RuleDocs['example'] | null;
}

export function ruleRow({ name, description, needs, parameters, docs }: Rule): RuleRow {
  return {
    name,
    description,
    needs,
    parameters,
    why: docs?.why ?? null,
    remedy: docs?.remedy ?? null,
    example: docs?.example ?? null,
  };
}

const FACT_NAMES: Readonly<Record<Need, string>> = {
  namespaceLabels: 'namespace labels',
  pullSecrets: 'pull secrets',
  registryImages: 'registry',
  registryTags: 'registry',
  registryDetails: 'registry',
  registryOriginals: 'registry',
  registryOriginalTags: 'registry',
  registryCopies: 'registry',
  originalImages: 'rewrites of the policies',
  now: 'current date',
};

export function needsText({ needs, needsVary }: Pick<Rule, 'needs' | 'needsVary'>): string {
  if (needs.length === 0) return 'only the object';
  const words = new Set(needs.map((need) => FACT_NAMES[need]));
  return `${[...words].join(', ')}${needsVary ? ' (depends on parameters)' : ''}`;
}

/** The policy entry of the example. */
export function exampleEntry({ name, docs }: Rule): string {
  const parameters = docs?.example.parameters ?? {};
  return yamlText([{ rule: name, ...(Object.keys(parameters).length === 0 ? {} : { parameters }) }]);
}

/** The policy with the rewrites of the example; undefined: it has none. */
export function exampleRewrites({ docs }: Rule): string | undefined {
  const rewrite = docs?.example.rewrite;
  return rewrite === undefined ? undefined : yamlText({ rewrite });
}

export function rulesTable(rules: readonly Rule[], ink: Paint): string {
  const width = Math.max(0, ...rules.map(({ name }) => name.length));
  const lines = rules.flatMap((rule) => {
    const { name, description, needs } = rule;
    const [first = '', ...more] = wrapped(description, 118 - width);
    const needed = needs.length === 0 ? [] : [ink.dim(`needs: ${needsText(rule)}`)];
    return [
      `${ink.cyan(name.padEnd(width))}  ${first}`,
      ...[...more, ...needed].map((line) => `${' '.repeat(width)}  ${line}`),
    ];
  });
  return `${lines.join('\n')}\n\nFor details, run tidewaiter explain rule NAME\n`;
}

export function ruleText(rule: Rule, ink: Paint): string {
  const { name, description, docs, parameters } = rule;
  const note = parameterNote(parameters);
  const rows = parameterRows(parameters);
  const sections: (readonly [title: string, lines: readonly string[]])[] = [
    ['Needs', [needsText(rule)]],
    [`Parameters${note === undefined ? '' : `: ${note}`}`, rows.length === 0 ? ['none'] : parameterLines(rows)],
  ];
  if (docs !== undefined) {
    const { why, remedy, example } = docs;
    const rewrites = exampleRewrites(rule);
    sections.unshift(['Why', wrapped(why, 98)]);
    sections.push(
      ['How to fix', wrapped(remedy, 98)],
      ['In a policy', exampleEntry(rule).split('\n')],
      ...(rewrites === undefined ? [] : [['With the rewrites', rewrites.split('\n')] as const]),
      ...(example.registry === undefined
        ? []
        : [['Registry response', yamlText(example.registry).split('\n')] as const]),
      ['This passes', example.pass.trimEnd().split('\n')],
      ['This fails', example.fail.trimEnd().split('\n')],
    );
  }
  const blocks = sections.map(
    ([title, lines]) => `${ink.bold(title)}\n${lines.map((line) => `  ${line}`.trimEnd()).join('\n')}\n`,
  );
  return [`${ink.cyan(name)}\n${wrapped(description, 100).join('\n')}\n`, ...blocks].join('\n');
}

function parameterLines(rows: readonly ParameterRow[]): readonly string[] {
  return rows.flatMap(({ name, type, required, default: preset, description }) => {
    const traits = [type, ...(required ? ['required'] : []), ...(preset === undefined ? [] : [`default ${preset}`])];
    return [`${name}: ${traits.join(', ')}`, ...wrapped(description, 94).map((line) => `    ${line}`)];
  });
}

/** Wraps a text at spaces into lines of at most `width` characters. An empty text has no lines. */
function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

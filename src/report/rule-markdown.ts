/** A rule in Markdown: for docs/rules.md and for viewers of SARIF. */
import { parameterNote, parameterRows } from '../policy/parameter-rows.ts';
import type { ParameterSchema, Rule } from '../policy/rule.ts';
import { exampleEntry, needsText } from './rule-text.ts';
import { yamlText } from './yaml-text.ts';

/** Everything but the name. */
export function ruleMarkdown(rule: Rule): string {
  const { description, docs, parameters } = rule;
  const parts = [`${description}.`];
  if (docs !== undefined) parts.push(`**Why.** ${docs.why}`);
  parts.push(`**Needs** ${needsText(rule)}.`, parametersMarkdown(parameters));
  if (docs !== undefined) {
    parts.push(
      `**What to do about a finding.** ${docs.remedy}`,
      `For example, with this in a policy`,
      fenced(exampleEntry(rule)),
      ...(docs.example.registry === undefined
        ? []
        : ['and this from the registry', fenced(yamlText(docs.example.registry))]),
      'this passes',
      fenced(docs.example.pass),
      'and this fails',
      fenced(docs.example.fail),
    );
  }
  return `${parts.join('\n\n')}\n`;
}

function parametersMarkdown(parameters: ParameterSchema): string {
  const rows = parameterRows(parameters);
  if (rows.length === 0) return '**Parameters:** none.';
  const note = parameterNote(parameters);
  const lines = rows.map(({ name, type, required, default: preset, description }) =>
    [`\`${name}\``, type, required ? 'required' : preset === undefined ? '' : `\`${preset}\``, description]
      .map(cell)
      .join(' | '),
  );
  return [
    `**Parameters**${note === undefined ? '' : `: ${note}`}`,
    '',
    '| Name | Type | Default | Meaning |',
    '|---|---|---|---|',
    ...lines.map((line) => `| ${line} |`),
  ].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function fenced(yaml: string): string {
  return `\`\`\`yaml\n${yaml.trimEnd()}\n\`\`\``;
}

/** All rules: a table of contents, then one section each. */
export function rulesMarkdown(rules: readonly Rule[]): string {
  const contents = rules.map(({ name, description }) => `- [${name}](#${name}): ${description}`);
  const sections = rules.map((rule) => `## ${rule.name}\n\n${ruleMarkdown(rule)}`);
  return `${[HEADER, contents.join('\n'), ...sections.map((section) => section.trimEnd())].join('\n\n')}\n`;
}

const HEADER = `# Rules

<!-- Made by "npm run docs" from src/policy/rules/. Change the rules, not this file. -->

A rule is code that checks one thing. A policy says which rules apply where, with which parameters, and what happens then. The same
text is in the terminal: \`npx tidewaiter rules\` and \`npx tidewaiter explain rule NAME\`.

Where a rule cannot tell, \`onUnknown\` in the policy decides. Without it, an unknown that only the author of the object can cause does
what a violation does, and any other is a warning: [SECURITY.md](../SECURITY.md#who-can-cause-unknown) says it for every rule.`;

/** `tidewaiter rules` and `tidewaiter explain rule`: which rules there are, and all about one of them. */
import { quoteValue } from '../image/quote.ts';
import { RULES } from '../policy/rules/index.ts';
import { didYouMean } from '../policy/schema-faults.ts';
import { paint } from '../report/pretty.ts';
import { ruleRow, rulesTable, ruleText } from '../report/rule-text.ts';
import type { Terminal } from './terminal.ts';

export interface RulesFlags {
  readonly output: 'text' | 'json';
}

export function listRules(flags: RulesFlags, terminal: Terminal): number {
  const text =
    flags.output === 'json'
      ? `${JSON.stringify({ version: 1, rules: RULES.map(ruleRow) }, null, 2)}\n`
      : rulesTable(RULES, paint(terminal.colours));
  terminal.out(text);
  return 0;
}

export function explainRule(name: string, flags: RulesFlags, terminal: Terminal): number {
  const rule = RULES.find((one) => one.name === name);
  if (rule === undefined) {
    const names = RULES.map((one) => one.name);
    terminal.note(`unknown rule ${quoteValue(name)}${didYouMean(name, names)} (all rules: npx tidewaiter rules)\n`);
    return 2;
  }
  const row = { version: 1, ...ruleRow(rule) };
  terminal.out(flags.output === 'json' ? `${JSON.stringify(row, null, 2)}\n` : ruleText(rule, paint(terminal.colours)));
  return 0;
}

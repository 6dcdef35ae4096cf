/** `tidewaiter explain rule`: everything about one rule. */
import { UserError } from '../../error/user-error.ts';
import { quoteValue } from '../../image/quote.ts';
import { didYouMean } from '../../image/suggestion.ts';
import { paint } from '../../report/paint.ts';
import { ruleRow, ruleText } from '../../report/rule-text.ts';
import { rulesFrom, type RulesFlags } from '../rules.ts';
import type { Terminal } from '../terminal.ts';

export async function explainRule(name: string, flags: RulesFlags, terminal: Terminal): Promise<number> {
  const rules = await rulesFrom(flags, terminal);
  const rule = rules.find((one) => one.name === name);
  if (rule === undefined) {
    const names = rules.map((one) => one.name);
    throw new UserError(`unknown rule ${quoteValue(name)}${didYouMean(name, names)} (all rules: tidewaiter rules)`);
  }
  const row = { version: 1, ...ruleRow(rule) };
  terminal.out(flags.output === 'json' ? `${JSON.stringify(row, null, 2)}\n` : ruleText(rule, paint(terminal.colors)));
  return 0;
}

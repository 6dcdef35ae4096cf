/** `tidewaiter rules` and `tidewaiter explain rule`: which rules there are, and all about one of them. */
import { allRules } from '../wiring.ts';
import { quoteValue } from '../image/quote.ts';
import type { Rule } from '../policy/rule.ts';
import { didYouMean } from '../image/suggestion.ts';
import { paint } from '../report/paint.ts';
import { ruleRow, rulesTable, ruleText } from '../report/rule-text.ts';
import { configured } from './configured.ts';
import type { Terminal } from './terminal.ts';

/** Where rules beside the built-in ones come from. */
export interface PluginFlags {
  readonly config?: string | undefined;
  readonly plugin?: readonly string[] | undefined;
}

export interface RulesFlags extends PluginFlags {
  readonly output: 'text' | 'json';
}

export async function rulesFrom(flags: PluginFlags, terminal: Terminal): Promise<readonly Rule[]> {
  const { config } = await configured({ config: flags.config, plugin: flags.plugin }, terminal);
  return allRules(config);
}

export async function listRules(flags: RulesFlags, terminal: Terminal): Promise<number> {
  const rules = await rulesFrom(flags, terminal);
  const text =
    flags.output === 'json'
      ? `${JSON.stringify({ version: 1, rules: rules.map(ruleRow) }, null, 2)}\n`
      : rulesTable(rules, paint(terminal.colors));
  terminal.out(text);
  return 0;
}

export async function explainRule(name: string, flags: RulesFlags, terminal: Terminal): Promise<number> {
  const rules = await rulesFrom(flags, terminal);
  const rule = rules.find((one) => one.name === name);
  if (rule === undefined) {
    const names = rules.map((one) => one.name);
    terminal.note(`unknown rule ${quoteValue(name)}${didYouMean(name, names)} (all rules: npx tidewaiter rules)\n`);
    return 2;
  }
  const row = { version: 1, ...ruleRow(rule) };
  terminal.out(flags.output === 'json' ? `${JSON.stringify(row, null, 2)}\n` : ruleText(rule, paint(terminal.colors)));
  return 0;
}

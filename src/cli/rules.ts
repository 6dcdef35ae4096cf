/** `tidewaiter rules`: the list of rules. */
import { allRules } from '../wiring.ts';
import type { Rule } from '../policy/rule.ts';
import { withName } from '../report/command-lines.ts';
import { paint } from '../report/paint.ts';
import { ruleRow, rulesTable } from '../report/rule-text.ts';
import { configured } from './configured.ts';
import type { Terminal } from './terminal.ts';

/** The plugins to load. */
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
      : withName(rulesTable(rules, paint(terminal.colors)), terminal.name);
  terminal.out(text);
  return 0;
}

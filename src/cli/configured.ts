/** Loads the configuration of a command, and prints the notices about its file. */
import { type Flags, loadConfig, type LoadedConfig } from '../config/config.ts';
import { paint } from '../report/paint.ts';
import { noticeLine } from '../report/paint.ts';
import { inputNoticeRow } from '../report/rows.ts';
import type { Terminal } from './terminal.ts';

export async function configured(flags: Flags, terminal: Terminal): Promise<LoadedConfig> {
  const loaded = await loadConfig(flags);
  for (const notice of loaded.notices) terminal.note(`${noticeLine(inputNoticeRow(notice), paint(false))}\n`);
  return loaded;
}

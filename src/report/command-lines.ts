/** Command lines in texts for people, as the user started the program. */

/** Also the name in files and machine formats, which do not depend on how the program was started. */
export const NAME = 'tidewaiter';

/** Replaces the name in the command lines of a text: `run tidewaiter check`, but not `tidewaiter sends no requests`. */
export function withName(text: string, name = NAME): string {
  return name === NAME ? text : text.replace(COMMAND_LINE, name);
}

/** A test compares the commands with those of the program. */
const COMMANDS = [
  'serve',
  'check',
  'test',
  'replay',
  'import-audit',
  'import-rewrites',
  'record',
  'shrink',
  'suggest',
  'init',
  'pin',
  'drift',
  'copy',
  'explain',
  'rules',
  'kinds',
  'schema',
  'manifests',
  'doctor',
  'uninstall',
  'completion',
];

const COMMAND_LINE = new RegExp(`(?<![\\w./:"-])(?<!npx |kubectl )${NAME}(?= (?:${COMMANDS.join('|')})\\b)`, 'g');

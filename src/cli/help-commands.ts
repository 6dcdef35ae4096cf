/** `explain`: the commands that help people who write policies and manifests. */
import { type Command, Option } from 'commander';
import type { Result } from './command-options.ts';
import type { Terminal } from './terminal.ts';

export function addExplain(program: Command, result: Result, terminal: Terminal): void {
  program
    .command('explain')
    .description('explain what something means')
    .command('image')
    .description('how container runtimes read an image reference')
    .argument(
      '<REF...>',
      'references; "-" reads one a line from standard input, a line that begins with \'"\' is a JSON string',
    )
    .addOption(
      new Option('-o, --output <FORMAT>', 'how to print; json is one object a line')
        .choices(['text', 'json'])
        .default('text'),
    )
    .action(async (references, flags) => {
      const { explainImages } = await import('./explain.ts');
      result.code = await explainImages(references, flags, terminal);
    });
}

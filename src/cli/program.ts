/** The command line: what exists, what it is called, and which file does it. Nothing heavy is imported before it runs. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { VERSION } from '../version.ts';
import { processTerminal } from './process-terminal.ts';
import type { Terminal } from './terminal.ts';

type Result = { code: number };

/** Runs one command line; resolves with the exit code: 0 fine, 1 the answer is "no", 2 the question could not be answered. */
export async function run(argv: readonly string[], terminal: Terminal = processTerminal()): Promise<number> {
  const result: Result = { code: 0 };
  const program = buildProgram(result, terminal);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return result.code;
  } catch (error) {
    return failed(error, terminal);
  }
}

/** Errors that say what the user can do are printed as they are; anything else is a bug, with its stack. */
function failed(error: unknown, terminal: Terminal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (
    error instanceof Error &&
    ['ConfigError', 'PolicyError', 'PluginError', 'CertificateError'].includes(error.name)
  ) {
    terminal.note(`${error.message}\n`);
  } else {
    terminal.note(
      `tidewaiter: internal error, please report it\n${error instanceof Error ? error.stack : String(error)}\n`,
    );
  }
  return 2;
}

const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), value];

function nonEmpty(value: string): string {
  if (value === '') throw new InvalidArgumentError('It must not be empty.');
  return value;
}

const policyOption = (description: string): Option =>
  new Option('-p, --policy <FILE|FOLDER>', description).argParser(collect);

const pluginOption = (): Option =>
  new Option('--plugin <FILE>', 'TypeScript or JavaScript module with more rules; repeatable').argParser(collect);

const configOption = (): Option =>
  new Option('-c, --config <FILE>', 'configuration file (default: tidewaiter.yaml, if there is one)');

function buildProgram(result: Result, terminal: Terminal): Command {
  const program = new Command('tidewaiter')
    .description('The image gate for Kubernetes: every image allowed, reproducible and pullable.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.note(text) })
    .showHelpAfterError('(try --help)')
    .addHelpText('after', EXAMPLES);
  addServe(program, result, terminal);
  addCheck(program, result, terminal);
  addReplay(program, result, terminal);
  addExplain(program, result, terminal);
  return program;
}

const EXAMPLES = `
Examples:
  tidewaiter check deploy/                          judge manifests with the built-in policy
  helm template . | tidewaiter check -p policies -  judge what a chart renders
  tidewaiter replay recordings/ -p policies         recorded reviews against a policy
  tidewaiter explain image nginx                    what an image reference means
  tidewaiter serve                                  the admission webhook, on 127.0.0.1:8443

Exit codes: 0 fine, 1 the answer is "no", 2 the question could not be answered.`;

function addServe(program: Command, result: Result, terminal: Terminal): void {
  program
    .command('serve')
    .description('run the admission webhook server')
    .addOption(configOption())
    .option('--listen <HOST:PORT>', 'where to answer HTTPS (default: 127.0.0.1:8443)')
    .addOption(policyOption('policies; repeatable (default: the built-in policy)'))
    .addOption(pluginOption())
    .option('--cert <FILE>', 'serving certificate, PEM (default: one is made in --certs-dir)')
    .option('--key <FILE>', 'its private key, PEM')
    .option('--certs-dir <FOLDER>', 'where a certificate is made when none is given; its CA is ca.crt (default: certs)')
    .option(
      '--operations-port <PORT>',
      'plain HTTP for /healthz /readyz /metrics /version, 0 turns it off (default: 8080)',
    )
    .option('--print-config', 'print each effective value and where it came from, then stop')
    .action(async (flags) => {
      const { serve } = await import('./serve.ts');
      result.code = await serve(flags, terminal);
    });
}

function addCheck(program: Command, result: Result, terminal: Terminal): void {
  program
    .command('check')
    .description('judge manifests as the webhook would, without a cluster')
    .argument('[FILE|FOLDER|-...]', 'YAML or JSON, "-" is standard input', ['.'])
    .addOption(configOption())
    .addOption(policyOption('policies; repeatable (default: the built-in policy)'))
    .addOption(pluginOption())
    .addOption(
      new Option('-n, --namespace <NAME>', 'namespace of objects that name none')
        .argParser(nonEmpty)
        .default('default'),
    )
    .addOption(new Option('-o, --output <FORMAT>', 'how to print').choices(['pretty', 'json']).default('pretty'))
    .addOption(
      new Option('--fail-on <LEVEL>', 'exit 1 on denials, or also on warnings, or also on what is unknown')
        .choices(['deny', 'warn', 'unknown'])
        .default('deny'),
    )
    .option('--offline', 'never ask a registry or a cluster: what only they know is unknown')
    .action(async (paths, flags) => {
      const { check } = await import('./check.ts');
      result.code = await check(paths, flags, terminal);
    });
}

function addReplay(program: Command, result: Result, terminal: Terminal): void {
  program
    .command('replay')
    .description('run recorded AdmissionReviews through the engine and show what is different')
    .argument('<FILE|FOLDER...>', 'AdmissionReviews, or {review, expected}, as JSON or YAML')
    .addOption(configOption())
    .addOption(policyOption('policies; repeatable (default: the built-in policy)'))
    .addOption(pluginOption())
    .addOption(
      new Option(
        '--against <FILE|FOLDER>',
        'other policies: show what changes from --policy to these; repeatable',
      ).argParser(collect),
    )
    .addOption(
      new Option('-o, --output <FORMAT>', 'how to print').choices(['pretty', 'json', 'junit']).default('pretty'),
    )
    .addHelpText('after', '\nExit codes: 0 same, 1 different, 2 something could not be judged.')
    .action(async (paths, flags) => {
      const { replay } = await import('./replay.ts');
      result.code = await replay(paths, flags, terminal);
    });
}

function addExplain(program: Command, result: Result, terminal: Terminal): void {
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

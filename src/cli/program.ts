/** The command line: what exists, what it is called, and which file does it. Nothing heavy is imported before it runs. */
import { Command, CommanderError } from 'commander';
import { VERSION } from '../version.ts';
import { requirePaths, type Result } from './command-options.ts';
import { addCheck, addReplay, addServe, addTest } from './policy-commands.ts';
import { addCompletion, addExplain, addRules, addSchema } from './help-commands.ts';
import { addDrift, addPin } from './pin-commands.ts';
import { UserError } from '../error/user-error.ts';
import { OutputError, processTerminal } from './process-terminal.ts';
import type { Terminal } from './terminal.ts';

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
  if (error instanceof UserError || error instanceof OutputError) {
    terminal.note(`${error.message}\n`);
  } else {
    terminal.note(
      `tidewaiter: internal error, please report it\n${error instanceof Error ? error.stack : String(error)}\n`,
    );
  }
  return 2;
}

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
  addTest(program, result, terminal);
  addReplay(program, result, terminal);
  addPin(program, result, terminal);
  addDrift(program, result, terminal);
  addExplain(program, result, terminal);
  addRules(program, result, terminal);
  addSchema(program, result, terminal);
  addCompletion(program, result, terminal);
  for (const command of withSubcommands(program)) requirePaths(command);
  return program;
}

function withSubcommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

const EXAMPLES = `
Examples:
  tidewaiter check deploy/                          judge manifests with the built-in policy
  helm template . | tidewaiter check -p policies -  judge what a chart renders
  tidewaiter test policies/                         what your policies say, against what you expect
  tidewaiter replay recordings/ -p policies         recorded reviews against a policy
  tidewaiter pin deploy/ --write                    digests into files, and nothing else
  tidewaiter explain image nginx                    what an image reference means
  tidewaiter explain pod deploy.yaml                what is in a Pod, and how its images are pulled
  tidewaiter explain rule image-tag                 what a rule asks, and why
  tidewaiter serve                                  the admission webhook, on 127.0.0.1:8443

Exit codes: 0 fine, 1 the answer is "no", 2 the question could not be answered.`;

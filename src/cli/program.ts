/** The command line. The implementation of a command is imported when the command runs. */
import { Command, CommanderError } from 'commander';
import { VERSION } from '../version.ts';
import { requirePaths, type Result } from './command-options.ts';
import { addCheck, addServe, addTest } from './policy-commands.ts';
import { addCopy } from './copy-command.ts';
import { addExplain } from './explain-commands.ts';
import { addCompletion, addKinds, addRules, addSchema } from './help-commands.ts';
import { addImportRewrites } from './import-rewrites-command.ts';
import { addInit } from './init-command.ts';
import { addDoctor } from './doctor-command.ts';
import { addManifests, addUninstall } from './install-commands.ts';
import { addDrift, addPin } from './pin-commands.ts';
import { addImportAudit, addRecord } from './record-commands.ts';
import { addReplay } from './replay-command.ts';
import { addShrink } from './shrink-command.ts';
import { addSuggest } from './suggest-command.ts';
import { UserError } from '../error/user-error.ts';
import { processEnvironment } from '../config/process-environment.ts';
import { NAME, withName } from '../report/command-lines.ts';
import { invocationOf } from './invocation.ts';
import { OutputError, processTerminal } from './process-terminal.ts';
import type { Terminal } from './terminal.ts';
import { usageMessage } from './usage-message.ts';

/** Runs the command line of this process. `argv` as in process.argv. */
export async function runProcess(argv: readonly string[]): Promise<number> {
  const { name, words } = invocationOf(argv, processEnvironment());
  return run(words, processTerminal(), name);
}

export function isCompletion(argv: readonly string[]): boolean {
  return invocationOf(argv, {}).words[0] === 'complete';
}

/** Runs one command line. Resolves with the exit code: 0 success, 1 check failed, 2 error. */
export async function run(argv: readonly string[], terminal: Terminal, name = NAME): Promise<number> {
  const result: Result = { code: 0 };
  const named: Terminal = { ...terminal, name, words: argv, note: (text) => terminal.note(withName(text, name)) };
  const program = buildProgram(name, result, named);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return result.code;
  } catch (error) {
    return failed(error, named);
  }
}

/** User errors are printed as they are; any other error is a bug and is printed with its stack trace. */
function failed(error: unknown, terminal: Terminal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof UserError || error instanceof OutputError) {
    terminal.note(`${error.message}\n`);
  } else {
    terminal.note(
      `tidewaiter: internal error; report it with this stack trace\n${error instanceof Error ? error.stack : String(error)}\n`,
    );
  }
  return 2;
}

function buildProgram(name: string, result: Result, terminal: Terminal): Command {
  const program = new Command(name)
    .description('Check, pin, and admit container images in Kubernetes')
    .version(VERSION, '-V, --version', 'Print the version')
    .helpOption('-h, --help', 'Print help')
    .helpCommand('help [command]', 'Print help for a command')
    // A command and its subcommands can have options with the same names.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(withName(text, name)),
      writeErr: (text) => terminal.note(text),
      outputError: (text, write) => write(usageMessage(text)),
    })
    .showHelpAfterError('for usage, add --help')
    .addHelpText('after', EXAMPLES);
  addServe(program, result, terminal);
  addCheck(program, result, terminal);
  addTest(program, result, terminal);
  addReplay(program, result, terminal);
  addImportAudit(program, result, terminal);
  addRecord(program, result, terminal);
  addSuggest(program, result, terminal);
  addShrink(program, result, terminal);
  addInit(program, result, terminal);
  addPin(program, result, terminal);
  addDrift(program, result, terminal);
  addCopy(program, result, terminal);
  addImportRewrites(program, result, terminal);
  addExplain(program, result, terminal);
  addRules(program, result, terminal);
  addKinds(program, result, terminal);
  addSchema(program, result, terminal);
  addManifests(program, result, terminal);
  addDoctor(program, result, terminal);
  addUninstall(program, result, terminal);
  addCompletion(program, result, terminal);
  for (const command of withSubcommands(program)) requirePaths(command);
  return program;
}

function withSubcommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

const EXAMPLES = `
Examples:
  # Check manifests with the built-in policy
  tidewaiter check deploy/

  # Check a rendered Helm chart with your policies
  helm template . | tidewaiter check -p policies/ -

  # Run the tests of your policies
  tidewaiter test policies/

  # Evaluate recorded AdmissionReviews
  tidewaiter replay recordings/ -p policies/

  # Write digests into files
  tidewaiter pin deploy/ --write

  # Show how container runtimes parse an image reference
  tidewaiter explain image nginx

  # Show a Pod as a tree
  tidewaiter explain pod deploy.yaml

  # Run the admission webhook on 127.0.0.1:8443
  tidewaiter serve

Exit codes: 0 success; 1 a check failed; 2 invalid settings, or some input could
not be evaluated, but other results are still printed. The help of each command
lists its exit codes`;

/** `serve`, `check`, `test` and `replay`: the commands that judge. */
import { type Command, Option } from 'commander';
import { FAIL_ON } from '../report/check.ts';
import {
  collect,
  configOption,
  levelsOf,
  namespaceOption,
  nowOption,
  outputOption,
  pluginOption,
  policyOption,
  type Result,
  serverOptions,
} from './command-options.ts';
import type { Terminal } from './terminal.ts';

export function addServe(program: Command, result: Result, terminal: Terminal): void {
  const command = program.command('serve').description('run the admission webhook server').addOption(configOption());
  for (const option of serverOptions()) command.addOption(option);
  command
    .option('--print-config', 'print each effective value and where it came from, then stop')
    .action(async (flags) => {
      const { serve } = await import('./serve/serve.ts');
      result.code = await serve(flags, terminal);
    });
}

export function addCheck(program: Command, result: Result, terminal: Terminal): void {
  program
    .command('check')
    .description('judge manifests as the webhook would, without a cluster')
    .argument('[FILE|FOLDER|-...]', 'YAML or JSON, "-" is standard input', ['.'])
    .addOption(configOption())
    .addOption(policyOption())
    .addOption(pluginOption())
    .addOption(namespaceOption())
    .addOption(outputOption('check'))
    .addOption(
      new Option('--fail-on <LEVEL>', FAIL_ON_HELP).choices(FAIL_ON).argParser(levelsOf).default(['deny'], 'deny'),
    )
    .addOption(nowOption())
    .option('--offline', 'never ask a registry or a cluster: what only they know is unknown')
    .action(async (paths, flags) => {
      const { check } = await import('./check.ts');
      result.code = await check(paths, flags, terminal);
    });
}

const FAIL_ON_HELP =
  'exit 1 not only on denials: "warn" adds warnings, "unknown" adds results that cannot be determined (and no warnings), "nothing" adds that no workload was evaluated; repeatable';

export function addTest(program: Command, result: Result, terminal: Terminal): void {
  program
    .command('test')
    .description('run the tests of policies: manifests, and the findings that are expected of them')
    .argument('[FILE|FOLDER...]', 'test suites, or folders with some in them (kind: ImagePolicyTest)', ['.'])
    .addOption(configOption())
    .addOption(pluginOption())
    .addOption(outputOption('test'))
    .option('-w, --watch', 'run again whenever a suite, a policy or a manifest changes, until Ctrl-C')
    .addHelpText('after', TEST_EXAMPLES)
    .action(async (paths, flags) => {
      const { test } = await import('./test.ts');
      result.code = await test(paths, flags, terminal);
    });
}

const TEST_EXAMPLES = `
A suite (its format: tidewaiter schema test-suite):
  apiVersion: tidewaiter.dev/v1alpha1
  kind: ImagePolicyTest
  metadata: {name: registries}
  spec:
    policies: [../policies]
    cases:
      - name: our own registry passes
        resources: [pass.yaml]
        expect: pass
      - name: another one is denied
        resources: [fail.yaml]
        expect:
          - {rule: image-registry, container: web, action: deny}

Exit codes: 0 all passed, 1 something failed, 2 something could not be run.`;

export function addReplay(program: Command, result: Result, terminal: Terminal): void {
  program
    .command('replay')
    .description('run recorded AdmissionReviews through the engine and show what is different')
    .argument('<FILE|FOLDER...>', 'AdmissionReviews, or {review, expected}, as JSON or YAML')
    .addOption(configOption())
    .addOption(policyOption())
    .addOption(pluginOption())
    .addOption(
      new Option(
        '--against <FILE|FOLDER>',
        'other policies: show what changes from --policy to these; repeatable',
      ).argParser(collect),
    )
    .addOption(outputOption('replay'))
    .addOption(nowOption())
    .addHelpText('after', '\nExit codes: 0 same, 1 different, 2 something could not be judged.')
    .action(async (paths, flags) => {
      const { replay } = await import('./replay.ts');
      result.code = await replay(paths, flags, terminal);
    });
}

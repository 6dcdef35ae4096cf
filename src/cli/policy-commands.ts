/** The command-line definitions of `serve`, `check`, and `test`. */
import { Argument, type Command, Option } from 'commander';
import { FAIL_ON } from '../report/check.ts';
import { baselineOptions, exceptionOptions, selectOptions, viewOptions } from './check-options.ts';
import {
  clusterOptions,
  configOption,
  fixOption,
  foreignOptions,
  ignoreOption,
  levelsOf,
  lockOption,
  namespaceOption,
  nowOption,
  linkBaseOption,
  outputOption,
  pluginOption,
  policyOption,
  reportOption,
  renderOptions,
  type Result,
  serverOptions,
} from './command-options.ts';
import type { Terminal } from './terminal.ts';

export function addServe(program: Command, result: Result, terminal: Terminal): void {
  const command = program.command('serve').description('Run the admission webhook').addOption(configOption());
  for (const option of serverOptions()) command.addOption(option);
  command
    .option('--print-config', 'Print each effective value and its source, then exit')
    .addHelpText('after', SERVE_EXAMPLES)
    .action(async (flags) => {
      const { serve } = await import('./serve/serve.ts');
      result.code = await serve(flags, terminal);
    });
}

const SERVE_EXAMPLES = `
Examples:
  # Serve on 127.0.0.1:8443 with a generated certificate and the built-in policy
  tidewaiter serve

  # Serve your policies with your certificate
  tidewaiter serve -p policies/ --cert tls.crt --key tls.key

  # Print the effective configuration
  tidewaiter serve --print-config

Exit codes: 0 stopped by SIGTERM or SIGINT, 2 invalid settings or policies, or
the server cannot start`;

export function addCheck(program: Command, result: Result, terminal: Terminal): void {
  const command = program
    .command('check')
    .description('Check manifests against policies')
    .addArgument(
      new Argument('[FILE|DIR|-...]', 'Manifests, Compose files, or Dockerfiles; "-" is standard input').default(
        ['.'],
        '"."',
      ),
    )
    .addOption(configOption())
    .addOption(policyOption())
    .addOption(pluginOption())
    .addOption(namespaceOption());
  for (const option of clusterOptions()) command.addOption(option);
  command
    .addOption(outputOption('check'))
    .addOption(reportOption())
    .addOption(linkBaseOption())
    .addOption(
      new Option('--fail-on <LEVEL>', FAIL_ON_HELP).choices(FAIL_ON).argParser(levelsOf).default(['deny'], 'deny'),
    )
    .addOption(nowOption())
    .addOption(ignoreOption());
  for (const option of [
    ...foreignOptions(),
    ...renderOptions(),
    ...selectOptions(),
    ...viewOptions(),
    ...baselineOptions(),
    ...exceptionOptions(),
  ])
    command.addOption(option);
  command
    .addOption(fixOption())
    .option('-w, --write', 'With --fix: update the files in place')
    .addOption(lockOption())
    .option('--guess-kinds', 'Also check kinds that are not known, where they seem to have images')
    .option('--list-files', 'Only print which files are read, and why others are not')
    .option('--offline', 'Query no registries; rules that need a registry are unknown')
    .addHelpText('after', CHECK_EXAMPLES)
    .action(async (paths, flags) => {
      const { check } = await import('./check.ts');
      result.code = await check(paths, flags, terminal);
    });
}

const CHECK_EXAMPLES = `
Examples:
  # Check manifests with the built-in policy
  tidewaiter check deploy/

  # Check manifests, Helm charts with their values, and kustomizations
  tidewaiter check . --helm --helm-values production.yaml --kustomize

  # Also fail on warnings, and write SARIF for code scanning
  tidewaiter check deploy/ --fail-on warn -o sarif

  # Check what this branch changes; findings that were there before only warn
  tidewaiter check deploy/ --since "$(git merge-base origin/main HEAD)"

  # Excuse what is found today until a date
  tidewaiter check deploy/ -p policies/ --write-exceptions policies/known.yaml --expires 2027-01-31 --owner team-shop

  # Check with the Secrets, ServiceAccounts, and Namespaces of a cluster
  tidewaiter check deploy/ --context production -n shop

Exit codes: 0 nothing is denied; 1 something is denied (see --fail-on); 2 some
input could not be evaluated, but other results are still printed`;

const FAIL_ON_HELP =
  'Exit with 1 for denials, and also for: warn (a warning), unknown (an unknown result), or nothing (no workload was evaluated); repeatable. With never, exit with 0 despite denials';

export function addTest(program: Command, result: Result, terminal: Terminal): void {
  program
    .command('test')
    .description('Run policy tests: manifests and their expected findings')
    .addArgument(
      new Argument('[FILE|DIR...]', 'Test suites (kind: ImagePolicyTest), or directories that contain them').default(
        ['.'],
        '"."',
      ),
    )
    .addOption(configOption())
    .addOption(pluginOption())
    .addOption(outputOption('test'))
    .addOption(ignoreOption())
    .option('-w, --watch', 'Rerun when a test suite, policy, or manifest changes; stop with Ctrl-C')
    .addHelpText('after', TEST_EXAMPLES)
    .action(async (paths, flags) => {
      const { test } = await import('./test.ts');
      result.code = await test(paths, flags, terminal);
    });
}

const TEST_EXAMPLES = `
A test suite (for its schema, run tidewaiter schema test-suite):
  apiVersion: tidewaiter.dev/v1alpha1
  kind: ImagePolicyTest
  metadata: {name: registries}
  spec:
    policies: [../policies]
    cases:
      - name: the company registry passes
        resources: [pass.yaml]
        expect: pass
      - name: another registry is denied
        resources: [fail.yaml]
        expect:
          - {rule: image-registry, container: web, action: deny}

Exit codes: 0 all cases passed, 1 a case failed, 2 a case cannot run`;

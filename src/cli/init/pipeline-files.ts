/** Files that run tidewaiter on each commit, and in a pipeline. */
import { NODE_VERSION, VERSION } from '../../version.ts';
import { shellWord } from '../../image/quote.ts';
import type { NewFile } from '../new-files.ts';
import { FOLDER } from './generated-suite.ts';

export type Pipeline = 'github' | 'gitlab';

const PACKAGE = `tidewaiter@${VERSION}`;

export function preCommitFile(): NewFile {
  return {
    path: '.pre-commit-config.yaml',
    text: `repos:
  - repo: local
    hooks:
      - id: tidewaiter-check
        name: tidewaiter check
        entry: tidewaiter check --offline --skip-foreign -p policies/
        language: node
        language_version: ${NODE_VERSION}
        additional_dependencies: ['${PACKAGE}']
        types_or: [yaml, json, dockerfile]
        # pre-commit names the files, so ignore files do not apply.
        exclude: ^${FOLDER}/
        require_serial: true
`,
  };
}

/** `flags`: how the check renders files. */
const PIPELINES: Readonly<Record<Pipeline, (flags: string) => NewFile>> = {
  github: (flags) => ({
    path: '.github/workflows/tidewaiter.yml',
    text: `name: tidewaiter
on: [push, pull_request]
permissions:
  contents: read
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      # Renovate and Dependabot (package-ecosystem: github-actions) update the commit and the version behind it together.
      - uses: actions/checkout@d23441a48e516b6c34aea4fa41551a30e30af803 # v6.1.0
      - uses: actions/setup-node@249970729cb0ef3589644e2896645e5dc5ba9c38 # v6.5.0
        with:
          node-version: 24
      - run: ${scalar(`npx --yes ${PACKAGE} check ${flags}-p policies/ -o github`)}
      - run: npx --yes ${PACKAGE} test ${FOLDER}/
`,
  }),
  gitlab: (flags) => ({
    path: '.gitlab-ci.yml',
    text: `tidewaiter:
${flags === '' ? '' : '  # It also needs helm, or kubectl: use an image of your own.\n'}  image: node:24
  script:
    - ${scalar(`npx --yes ${PACKAGE} check ${flags}-p policies/ -o gitlab > gl-code-quality-report.json`)}
    - npx --yes ${PACKAGE} test ${FOLDER}/
  artifacts:
    when: always
    reports:
      codequality: gl-code-quality-report.json
`,
  }),
};

/** A command as a YAML string. */
function scalar(command: string): string {
  return /: | #/.test(command) ? JSON.stringify(command) : command;
}

export function pipelineFile(pipeline: Pipeline, flags: readonly string[] = []): NewFile {
  return PIPELINES[pipeline](flags.map((flag) => `${shellWord(flag)} `).join(''));
}

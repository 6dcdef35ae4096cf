/** What people write beside an image (variables, arguments, Secrets) is in no output of `check`, whatever the format of the file is. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../support/command.ts';
import { inOwnFolders } from '../support/own-folders.ts';

inOwnFolders('secret-values');

/** Each `@` in a text is replaced by a secret of its own, and `AT` by `@`. */
interface Case {
  readonly name: string;
  readonly file: string;
  readonly text: string;
  readonly policy?: string;
}

const POD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n';

const CASES: readonly Case[] = [
  {
    name: 'env, args, and command around an image',
    file: 'pod.yaml',
    text: `${POD}    - name: web
      command: [sh, -c, "@"]
      args: ["--token=@", '@']
      env:
        - {name: A, value: "@"}
        - name: B
          value: @ # @
      image: nginx
      workingDir: @
    # @
`,
  },
  {
    name: 'a block scalar before and after',
    file: 'pod.yaml',
    text: `${POD}    - name: web
      args:
        - |
          image: @
          @: x
          - name: @
            @
      image: nginx
      command:
        - >-
          name: @

          @
`,
  },
  {
    name: 'annotations and data in the same document',
    file: 'list.yaml',
    text: `apiVersion: v1
kind: List
items:
  - kind: Secret
    apiVersion: v1
    metadata: {name: a, annotations: {name: @, note: "@"}}
    stringData: {name: @, image: @, password: "@"}
  - kind: Pod
    apiVersion: v1
    metadata: {name: b}
    spec: {containers: [{name: c, image: nginx, env: [{name: D, value: @}]}]}
  - kind: ConfigMap
    apiVersion: v1
    metadata: {name: c}
    data: {name: "@", "a.conf": "x=@"}
    binaryData:
      name: @
`,
  },
  {
    name: 'anchors and merge keys',
    file: 'pod.yaml',
    text: `${POD}    - &base
      name: web
      env: &env [{name: A, value: &secret @}, {name: B, value: *secret}]
      image: nginx
    - <<: *base
      name: proxy
      stdin: @
`,
  },
  {
    name: 'JSON on one line',
    file: 'pod.json',
    text: '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","annotations":{"name":"@"}},"spec":{"containers":[{"name":"a","env":[{"name":"B","value":"@"}],"image":"nginx","args":["@"]}]}}',
  },
  {
    name: 'JSON on many lines',
    file: 'pod.json',
    text: `{
  "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"},
  "spec": {"containers": [{
    "env": [{"name": "B", "value":
      "@"}],
    "image": "nginx",
    "args": [
      "@"
    ], "name": "a"}]}
}
`,
  },
  {
    name: 'a quoted value over lines',
    file: 'pod.yaml',
    text: `${POD}    - name: web
      args: ["a
        image: @
        @: b",
        'c
        @
        name: @']
      image: nginx
      command: [a
        @]
`,
  },
  {
    name: 'a user and a password in an image',
    file: 'pod.yaml',
    text: `${POD}    - {name: web, image: "ci:@ATregistry.example.com/web"}
    - image: https://ci:@ATregistry.example.com/b
      name: c
`,
  },
  {
    name: 'a Compose file',
    file: 'compose.yaml',
    text: `x-common: &common
  name: @
services:
  web:
    environment:
      name: @
      PASSWORD: @
    image: nginx
    command: ["--password", "@"]
  db:
    environment:
      - PASSWORD=@
      - @
    image: postgres
    labels: ["x=@"]
    build: {args: {TOKEN: @}, context: .}
  c:
    image: redis
    command: redis-server --requirepass @
    healthcheck: {test: "curl -u a:@ x"}
secrets:
  a: {environment: @}
`,
  },
  {
    name: 'a Dockerfile',
    file: 'Dockerfile',
    text: `# syntax=docker/dockerfile:1
# @
ARG TOKEN=@
ENV PASSWORD=@ OTHER=@
FROM --platform=linux/amd64 nginx AS web
ENV PASSWORD @
LABEL a=@
RUN <<EOF
FROM @
ENV @=1
EOF
RUN a \\
  FROM @ \\
  ENV @=1
FROM redis
COPY --from=busybox:latest /@ /b
`,
  },
  {
    name: 'a kustomization beside a Pod',
    file: 'all.yaml',
    text: `${POD}    - {name: web, image: nginx}
---
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
secretGenerator:
  - name: a
    literals: [password=@, "@"]
images:
  - name: nginx
    newName: nginx
    newTag: latest
configMapGenerator:
  - name: b
    literals:
      - @
      - name=@
`,
  },
  {
    name: 'values of a chart in Flux and Argo CD',
    file: 'release.yaml',
    text: `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web}
spec:
  values:
    adminPassword: @
    image: {repository: nginx, tag: "latest", auth: {name: @, image: @}}
    env: {name: @}
    uri: "postgres://a:@/b"
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web}
spec:
  source:
    helm:
      parameters:
        - {name: password, value: @}
        - {name: image, value: "nginx:latest"}
      values: |
        adminPassword: @
        image: {repository: nginx, tag: "latest"}
        name: @
`,
  },
  ...Object.entries({
    'text after a quoted value': 'env:\n        - {name: A, value: "@" x, b: @}\n        - {value: @}\n',
    'a quote that is not closed': "env: [{name: A, value: '@]\n      name: @\n      @: @\n",
    'a tab': 'env:\n\t- name: A\n\t  value: @\n',
    'an unknown alias': 'env:\n        - {name: A, value: *@}\n',
    'a malformed alias': 'env:\n        - {name: A, value: *@.x}\n',
    'an unknown tag': 'env:\n        - {name: A, value: !@ b}\n        - {name: B, value: !@! c}\n',
    'an unknown escape': 'env:\n        - {name: A, value: "\\@"}\n        - {name: B, value: "\\x@"}\n',
    'an indicator': 'env:\n        - {name: A, value: %@}\n        - {name: B, value: @}\n',
    'a template expression':
      'env:\n        - {name: A, value: {{ "@" }}}\n        - name: {{ @ }}\n          value: {{ .Values.a | default "@" }}\n',
    'a repeated key': 'env:\n        - {name: A, b: "@", b: @}\n        - {value: @, value: @, name: B}\n',
    'a missing colon': 'env:\n        @\n        - @\n      @ @\n',
    'a wrong value for a tag':
      'env:\n        - {name: A, value: !!int @, b: !!binary "@"}\n        - {name: A, value: !!binary @}\n',
    'a number': 'env:\n        - {name: A, value: 1_@, b: 0x@}\n',
  }).map(([name, text]) => ({
    name: `an error of YAML: ${name}`,
    file: 'pod.yaml',
    text: `${POD}    - name: web\n      ${text}      image: nginx\n`,
  })),
  {
    name: 'errors of a schema',
    file: 'pod.yaml',
    text: `${POD}    - name: web
      image: [@]
    - name: b
      image: {name: @}
    - "@"
    - name: [@]
      image: nginx
---
apiVersion: v1
kind: Secret
metadata: {name: a}
type: kubernetes.io/dockerconfigjson
data: {.dockerconfigjson: "@"}
stringData: "@"
---
apiVersion: v1
kind: Pod
metadata: {name: b}
spec: "@"
`,
  },
  {
    name: 'rules about values',
    file: 'pod.yaml',
    text: `${POD}    - name: web
      image: nginx
      env:
        - name: A
          value: @
      args: [@, "@"]
`,
    policy: `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: cel}
spec:
  rules:
    - rule: cel
      parameters:
        expression: "!has(object.spec.containers[0].env) || object.spec.containers[0].env.all(e, e.value.size() == 0)"
        message: no values
    - rule: cel
      parameters:
        expression: "object.spec.containers[0].args.all(e, int(e) == 0)"
        message: no arguments
`,
  },
];

const FORMATS: readonly (readonly string[])[] = [
  ...['pretty', 'json', 'sarif', 'junit', 'markdown', 'gitlab', 'github', 'html'].map((format) => ['-o', format]),
  ...['0', '1', '20'].map((number) => ['--source-lines', number]),
  ['--source-lines', '20', '--group-by', 'rule'],
];

const SECRET = 'Canary7-';

function planted(text: string): string {
  let number = 0;
  return text.replaceAll('@', () => `${SECRET}${(number += 1)}`).replaceAll('AT', '@');
}

describe.each(CASES)('$name', ({ file, text, policy }) => {
  test.each(FORMATS.map((argv) => [argv.join(' '), argv] as const))('check %s', async (_name, argv) => {
    rmSync('in', { recursive: true, force: true });
    mkdirSync('in');
    writeFileSync(path.join('in', file), planted(text));
    if (policy !== undefined) writeFileSync('policy.yaml', policy);
    const { out, note } = await runCommand([
      'check',
      'in',
      ...(policy === undefined ? [] : ['-p', 'policy.yaml']),
      ...argv,
    ]);
    if (argv[1] === 'pretty') expect(out).toContain(file);
    const found = `${out}${note}`.split('\n').filter((line) => line.includes(SECRET));
    expect(found.map((line) => line.slice(0, 300))).toEqual([]);
  });
});

/** `check --fix` with container-ports: names are changed only if nothing refers to them. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { policyOf, runFix, writeFixes } from '../../support/fix-command.ts';
import { inOwnFolders } from '../../support/own-folders.ts';

inOwnFolders('fix-ports');

function file(name: string, text: string): void {
  mkdirSync(path.dirname(name), { recursive: true });
  writeFileSync(name, text);
}

const read = (name: string): string => readFileSync(name, 'utf8');

const POLICY = policyOf('{rule: container-ports, parameters: {namesUnique: true}}');
const HEAD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n';
const TWO = `${HEAD}    - name: a
      image: reg.io/a:1
      ports:
        - name: http
          containerPort: 8080
    - name: b
      image: reg.io/b:1
      ports:
        - name: http # the admin page
          containerPort: 9090
`;
const RENAMED = TWO.replace('name: http # the', 'name: http-9090 # the');

interface Row {
  readonly name: string;
  readonly text: string;
  readonly expected: string;
  /** Other files. */
  readonly files?: Readonly<Record<string, string>>;
  readonly left?: number;
  readonly notices?: readonly string[];
}

const by = (what: string): string =>
  `container-ports is not fixed: ${what} refers to the port name "http"; rename one of the ports by hand`;

const ROWS: readonly Row[] = [
  { name: 'one name in two containers', text: TWO, expected: RENAMED },
  {
    name: 'one name in a container, in flow style, and quotes',
    text: `${HEAD}    - {name: a, image: reg.io/a:1, ports: [{name: "http", containerPort: 80}, {name: "http", containerPort: 81}]}\n`,
    expected: `${HEAD}    - {name: a, image: reg.io/a:1, ports: [{name: "http", containerPort: 80}, {name: "http-81", containerPort: 81}]}\n`,
  },
  {
    name: 'a long name, which is shortened',
    text: TWO.replaceAll('http', 'metrics-server'),
    expected: TWO.replaceAll('http', 'metrics-server').replace('metrics-server #', 'metrics-se-9090 #'),
  },
  {
    name: 'a name that is taken',
    text: TWO.replace(
      'containerPort: 8080',
      'containerPort: 8080\n        - name: http-9090\n          containerPort: 1',
    ),
    expected: TWO.replace(
      'containerPort: 8080',
      'containerPort: 8080\n        - name: http-9090\n          containerPort: 1',
    ),
    left: 1,
    notices: [
      'container-ports is not fixed: no new name is certain for the port "http"; rename one of the ports by hand',
    ],
  },
  {
    name: 'three containers with one name',
    text: `${TWO}    - {name: c, image: reg.io/c:1, ports: [{name: http, containerPort: 7070}]}\n`,
    expected: `${RENAMED}    - {name: c, image: reg.io/c:1, ports: [{name: http-7070, containerPort: 7070}]}\n`,
  },
  {
    name: 'a name that is not valid needs a decision',
    text: TWO.replaceAll('name: http', 'name: HTTP'),
    expected: TWO.replaceAll('name: http', 'name: HTTP'),
    left: 3,
  },
  {
    name: 'two containers with one port need a decision',
    text: `${HEAD}    - {name: a, image: reg.io/a:1, ports: [{containerPort: 80}]}\n    - {name: b, image: reg.io/b:1, ports: [{containerPort: 80}]}\n`,
    expected: `${HEAD}    - {name: a, image: reg.io/a:1, ports: [{containerPort: 80}]}\n    - {name: b, image: reg.io/b:1, ports: [{containerPort: 80}]}\n`,
    left: 1,
  },
  {
    name: 'protocols in lowercase',
    text: `${HEAD}    - {name: a, image: reg.io/a:1, ports: [{containerPort: 53, protocol: udp}, {containerPort: 54, protocol: Tcp}, {containerPort: 55, protocol: quic}]}\n`,
    expected: `${HEAD}    - {name: a, image: reg.io/a:1, ports: [{containerPort: 53, protocol: UDP}, {containerPort: 54, protocol: TCP}, {containerPort: 55, protocol: quic}]}\n`,
    left: 1,
  },
  {
    name: 'an anchor for both names',
    text: `${HEAD}    - {name: a, image: reg.io/a:1, ports: [{name: &n http, containerPort: 80}]}\n    - {name: b, image: reg.io/b:1, ports: [{name: *n, containerPort: 81}]}\n`,
    expected: `${HEAD}    - {name: a, image: reg.io/a:1, ports: [{name: &n http, containerPort: 80}]}\n    - {name: b, image: reg.io/b:1, ports: [{name: *n, containerPort: 81}]}\n`,
    left: 1,
    notices: [
      'container-ports is not fixed: another value shares its text through an anchor (&name); write both values out',
    ],
  },
  {
    name: 'the name of a port of a Service does not refer to it, nor does the probe of another container',
    text: TWO.replace('reg.io/a:1', 'reg.io/a:1\n      readinessProbe: {httpGet: {port: http, path: /}}'),
    files: {
      'svc.yaml':
        'apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{name: http, port: 80, targetPort: 8080}]}\n',
    },
    expected: RENAMED.replace('reg.io/a:1', 'reg.io/a:1\n      readinessProbe: {httpGet: {port: http, path: /}}'),
  },
  ...refusals({
    'a probe of its container': {
      text: TWO.replace('reg.io/b:1', 'reg.io/b:1\n      livenessProbe: {httpGet: {port: http}}'),
      user: 'Pod "web" in a.yaml:13',
    },
    'targetPort of a Service': {
      other: 'apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  ports: [{port: 80, targetPort: http}]\n',
      user: 'Service "web" in other.yaml:5',
    },
    'an Ingress': {
      other: `apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\nspec: {defaultBackend: {service: {name: web, port: {name: http}}}}\n`,
      user: 'Ingress "web" in other.yaml:4',
    },
    'a NetworkPolicy': {
      other: `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web}\nspec: {ingress: [{ports: [{port: http}]}]}\n`,
      user: 'NetworkPolicy "web" in other.yaml:4',
    },
    'a ServiceMonitor': {
      other: `apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: web}\nspec: {endpoints: [{port: http}]}\n`,
      user: 'ServiceMonitor "web" in other.yaml:4',
    },
    'an annotation': {
      other: `apiVersion: v1\nkind: Service\nmetadata: {name: web, annotations: {prometheus.io/port: http}}\n`,
      user: 'Service "web" in other.yaml:3',
    },
    'a patch in a kustomization': {
      other: `kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1\npatches:\n  - patch: |\n      kind: Service\n      spec:\n        ports: [{port: 80, targetPort: http}]\n`,
      user: 'Kustomization in other.yaml:5',
    },
    'a template': {
      other: `spec:\n  ports:\n    - targetPort: http\n    {{- if .Values.x }}\n    {{- end }}\n`,
      user: 'other.yaml',
    },
  }),
];

interface Refusal {
  readonly text?: string;
  readonly other?: string;
  readonly user: string;
}

function refusals(all: Readonly<Record<string, Refusal>>): readonly Row[] {
  return Object.entries(all).map(([what, { text = TWO, other, user }]) => ({
    name: `${what} that refers to the name`,
    text,
    expected: text,
    ...(other === undefined ? {} : { files: { 'other.yaml': other } }),
    left: 1,
    notices: [by(user)],
  }));
}

describe('check --fix with container-ports', () => {
  test.each(ROWS)('$name', async ({ text, expected, files = {}, left = 0, notices = [] }) => {
    file('policy.yaml', POLICY);
    file('a.yaml', text);
    for (const [name, content] of Object.entries(files)) file(name, content);
    const paths = ['a.yaml', ...Object.keys(files)];
    const preview = await runFix(paths, { skipForeign: true });
    for (const notice of notices) expect(preview.note).toContain(notice);
    const { report } = await writeFixes(paths, { skipForeign: true });
    expect(read('a.yaml')).toBe(expected);
    const denied = report.findings.filter(({ action }) => action === 'deny');
    expect(denied.length, JSON.stringify(denied)).toBe(left);
    expect(report.notices.map(({ message }) => message).filter((one) => one.includes('not fixed'))).toEqual(notices);
    await writeFixes(paths, { skipForeign: true });
    expect(read('a.yaml')).toBe(expected);
  });
});

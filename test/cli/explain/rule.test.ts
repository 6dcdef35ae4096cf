import { describe, expect, test } from 'vitest';
import { RULES } from '../../../src/policy/rules/index.ts';
import { runCommand } from '../../support/command.ts';

describe('explain rule', () => {
  test('says why, what it needs, its parameters, what to do, and shows what passes and fails', async () => {
    const { code, out } = await runCommand(['explain', 'rule', 'container-ports']);
    expect(code).toBe(0);
    expect(out).toBe(`container-ports
Containers in a Pod use distinct ports and port names; host ports and names follow the policy

Why
  Containers in a Pod share one IP address and its ports: the second container that binds a port
  fails at startup, long after the API server accepted the Pod. A container that lists a port twice
  works, so the rule only warns about it. The API server itself rejects invalid port numbers,
  protocols, and names, and duplicate names within a container.

Needs
  only the object

Parameters
  hostPort: true or false, default true
      If false, host ports are violations, as far as containers list them; with hostNetwork, they
      can listen on any port. In a Compose file, these are the ports that services publish
  namesRequired: true or false, default false
      If true, every port must have a name
  namesUnique: true or false, default false
      If true, port names must be unique in the Pod for each protocol; a Service finds only the
      first

How to fix
  Give each container its own port, and reach a Pod through a Service instead of a host port.

In a policy
  - rule: container-ports
    parameters:
      hostPort: false

This passes
  apiVersion: v1
  kind: Pod
  metadata: {name: web}
  spec:
    containers:
      - name: web
        image: nginx:1.27
        ports: [{name: http, containerPort: 8080}]

This fails
  apiVersion: v1
  kind: Pod
  metadata: {name: web}
  spec:
    containers:
      - name: web
        image: nginx:1.27
        ports: [{name: http, containerPort: 8080, hostPort: 80}]
`);
  });

  test.each(RULES.map(({ name }) => name))('knows %s, for people and for programs', async (name) => {
    expect(await runCommand(['explain', 'rule', name])).toMatchObject({ code: 0, note: '' });
    const { code, out } = await runCommand(['explain', 'rule', name, '-o', 'json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ version: 1, name, example: { pass: expect.stringContaining('kind:') } });
  });

  test.each([
    ['image-tagg', 'unknown rule "image-tagg"; did you mean "image-tag"? (all rules: tidewaiter rules)\n'],
    ['constructor', 'unknown rule "constructor" (all rules: tidewaiter rules)\n'],
    ['a\u001B[31m\nb', 'unknown rule "a\\u001b[31m\\u000ab" (all rules: tidewaiter rules)\n'],
  ])('of %j says what there is instead, exit 2', async (name, note) => {
    expect(await runCommand(['explain', 'rule', name])).toEqual({ code: 2, out: '', note });
  });
});

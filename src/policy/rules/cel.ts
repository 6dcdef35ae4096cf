import { defineRule } from '../rule.ts';
import type { Parameters, Program } from './cel/program.ts';

const EXPRESSION = { type: 'string', minLength: 1 } as const;

/** Loaded on demand: few policies use CEL, and loading it takes a third of the startup time of `check`. */
let engine: typeof import('./cel/program.ts') | undefined;

/** Checks an object with an expression in the Common Expression Language, as ValidatingAdmissionPolicy does. */
export const cel = defineRule({
  name: 'cel',
  description: 'A CEL expression over the object, or over each container and image, is true',
  docs: {
    why: 'Teams have requirements that no built-in rule covers. A CEL expression states the requirement in the policy, in the language of Kubernetes admission policies, and `check` evaluates it before the object reaches a cluster.',
    remedy:
      'Change the object so that the expression is true. A missing field makes the result unknown, which without onUnknown has the action of a violation; test the field with has(), or use ".?" and orValue(). On UPDATE, a finding is existing if the stored object has the same values in the fields that the expression reads. If the expression reads the user (request.userInfo), the operation, oldObject, or no field of the object, a finding is existing only if the update changes nothing but metadata.',
    example: {
      parameters: {
        expression: 'image.registry != "docker.io" || image.tag != "latest"',
        messageExpression: '"image " + image.name + " needs a version"',
      },
      pass: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: nginx:1.27
`,
      fail: `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: nginx
`,
    },
  },
  parameters: {
    type: 'object',
    additionalProperties: false,
    required: ['expression'],
    properties: {
      expression: {
        ...EXPRESSION,
        description:
          'Expression that must be true. It is evaluated once for each container or image if it uses container, image, or original (the image before the rewrites of the policies), otherwise once for the object; it can also use oldObject, request, and namespaceObject',
      },
      message: { type: 'string', minLength: 1, description: 'Message if the expression is false' },
      messageExpression: { ...EXPRESSION, description: 'Expression that returns the message' },
      variables: {
        type: 'array',
        description: 'Named expressions, used as variables.name; each can use the variables before it',
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['name', 'expression'],
          properties: {
            name: {
              type: 'string',
              pattern: '^[A-Za-z_][A-Za-z0-9_]{0,62}$',
              hint: 'letters, digits, and "_", with no digit at the start',
              description: 'Name of the variable, used as variables.name',
            },
            expression: { ...EXPRESSION, description: 'Value of the variable' },
          },
        },
      },
    },
  },
  needs: ['namespaceLabels', 'originalImages'],
  referredTo: ['variables'],
  seen: (problem, workload, program) => program.seen(problem, workload),
  reads: (program) => program.reads,
  async ready() {
    engine ??= await import('./cel/program.ts');
  },
  prepare(parameters: Parameters) {
    if (engine === undefined) throw new TypeError('the rule is bound before it is ready');
    return engine.compileProgram(parameters);
  },
  needsOf: ({ readsLabels, readsOriginal }: Program) => [
    ...(readsLabels ? (['namespaceLabels'] as const) : []),
    ...(readsOriginal ? (['originalImages'] as const) : []),
  ],
  check: (subject, program) => program.check(subject),
});

import { defineRule } from '../rule.ts';
import type { Parameters, Program } from './cel/program.ts';

const EXPRESSION = { type: 'string', minLength: 1 } as const;

/** Parser, checker and RE2 are needed by few policies, and would take a third of the start of a check. */
let engine: typeof import('./cel/program.ts') | undefined;

/** Whatever can be said about one object in the Common Expression Language, as ValidatingAdmissionPolicy has it. */
export const cel = defineRule({
  name: 'cel',
  description: 'What an expression in CEL says about the object, or about each of its containers and images, is true',
  docs: {
    why: 'Every team has a rule that nobody else has. An expression says it in the policy itself, in the language that Kubernetes uses for its own admission policies, and check can ask it before a cluster does.',
    remedy:
      'Change the object until the expression is true. A field that is not there makes the answer unknown, which without onUnknown does what false does: ask for it with has(), or with ".?" and orValue(). On UPDATE, what the stored object had is forgiven where the values that the expression names are the same; where it names who asks (request.userInfo), the operation or oldObject, or nothing of the object, only an update of metadata is.',
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
          'What must be true. About object, oldObject, request and namespaceObject it is asked once; when it mentions container or image, once for each',
      },
      message: { type: 'string', minLength: 1, description: 'What is said when it is false' },
      messageExpression: { ...EXPRESSION, description: 'An expression that makes the message' },
      variables: {
        type: 'array',
        description: 'Expressions with names, for others as variables.name; each can use those before it',
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['name', 'expression'],
          properties: {
            name: {
              type: 'string',
              pattern: '^[A-Za-z_][A-Za-z0-9_]{0,62}$',
              hint: 'letters, digits, and "_", with no digit at the start',
              description: 'What others call it: variables.name',
            },
            expression: { ...EXPRESSION, description: 'What it stands for' },
          },
        },
      },
    },
  },
  needs: ['namespaceLabels'],
  referredTo: ['variables'],
  seen: (problem, workload, program) => program.seen(problem, workload),
  async ready() {
    engine ??= await import('./cel/program.ts');
  },
  prepare(parameters: Parameters) {
    if (engine === undefined) throw new TypeError('the rule is bound before it is ready');
    return engine.compileProgram(parameters);
  },
  needsOf: ({ readsLabels }: Program) => (readsLabels ? ['namespaceLabels'] : []),
  check: (subject, program) => program.check(subject),
});

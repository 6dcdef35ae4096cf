/** No text makes the loader throw, and no object makes an expression throw. */
import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { compileProgram } from '../../../../src/policy/rules/cel/program.ts';
import { cel } from '../../../../src/policy/rules/cel.ts';
import { isObject, type JsonObject } from '../../../../src/pod/pointer.ts';
import { findingsOf, policyOf, requestFor } from '../../fixtures.ts';
import { readWorkload } from '../../../pod/fixtures.ts';

beforeAll(() => cel.ready?.());

const WORDS =
  `object oldObject request image container namespaceObject x size has all map exists matches quantity ip math abs cel bind
  optional of true null in format tag 1 2u 1.5 "a" '%s' b"x" r"\\d" "(a+)+" 9223372036854775807 __proto__ constructor
  ( ) [ ] { } . , : ? == != < && || ! - + * / %`
    .split(/\s+/)
    .concat('\n', ' ');

const soup: fc.Arbitrary<string> = fc
  .array(fc.constantFrom(...WORDS), { maxLength: 25 })
  .map((words) => words.join(''));

const NAMES = ['a', 'b', 'containers', 'image', 'metadata', 'labels', '__proto__', 'constructor', 'toString'];

/** Expressions that parse, mostly with types that fit. */
const { any: sound } = fc.letrec<{ any: string; value: string; test: string }>((tie) => {
  const join = (...parts: readonly (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string> =>
    fc.tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part))).map((all) => all.join(''));
  const name = fc.constantFrom(...NAMES);
  const [value, condition] = [tie('value'), tie('test')];
  return {
    any: fc.oneof({ maxDepth: 4 }, condition, value),
    test: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom('true', 'has(object.a)', 'image.tag == "1"', '"a" in object', 'dyn(object.a)'),
      join(value, fc.constantFrom(' == ', ' != ', ' < ', ' >= ', ' in '), value),
      join('(', condition, fc.constantFrom(' && ', ' || '), condition, ')'),
      join('!', condition),
      join('dyn(', value, ').', fc.constantFrom('all', 'exists', 'exists_one'), '(x, ', condition, ')'),
      join('dyn(', value, ').all(x, y, ', condition, ')'),
      join('string(dyn(', value, ')).matches("[a-z]+")'),
      join('isQuantity(dyn(', value, ')) || isIP(dyn(', value, '))'),
    ),
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom(
        'object',
        'object.metadata',
        'object.spec',
        'container',
        'image',
        'request',
        'oldObject',
        '1',
        '"a"',
      ),
      fc.constantFrom('[1, 2.5]', '{"a": object}', 'null', 'timestamp(0)', 'duration("1s")', '5u', 'b"a"', 'image.tag'),
      join('dyn(', value, ').', name),
      join('dyn(', value, ').?', name, '.orValue(', value, ')'),
      join('dyn(', value, ')[', value, ']'),
      join('dyn(', value, ')', fc.constantFrom(' + ', ' - ', ' * ', ' / ', ' % '), 'dyn(', value, ')'),
      join('dyn(', value, ').', fc.constantFrom('map', 'filter', 'sortBy'), '(x, ', condition, ')'),
      join(
        'dyn(',
        value,
        ').',
        fc.constantFrom('size()', 'sum()', 'sort()', 'distinct()', 'flatten()', 'reverse()', 'trim()'),
      ),
      join('"%s %d %x".format([dyn(', value, '), dyn(', value, '), dyn(', value, ')])'),
      join('(', condition, ' ? dyn(', value, ') : dyn(', value, '))'),
      join('cel.bind(x, ', value, ', ', value, ')'),
      join(
        fc.constantFrom('int', 'string', 'double', 'bytes', 'quantity', 'semver', 'url', 'duration', 'type', 'size'),
        '(dyn(',
        value,
        '))',
      ),
      join('math.greatest(dyn(', value, '), 1)'),
    ),
  };
});

const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.constantFrom<unknown>(null, '', '\ud800', '😀', 1e308, -0, 9007199254740991, [], {}, [null], '1e999999999', '1Gi'),
);

const spec = fc.dictionary(fc.constantFrom(...NAMES, 'nodeName', 'x'), odd, { maxKeys: 5 });

/** A Pod with anything in the places that no rule of the shape looks at. */
const object: fc.Arbitrary<JsonObject> = fc.record({ extra: spec, container: spec, labels: odd }).map((parts) => {
  const image = 'a.io/b:1';
  const containers = [{ ...parts.container, name: 'c', image, imagePullPolicy: 'Always', ports: [] }];
  const metadata = { name: 'p', labels: parts.labels };
  return { ...parts.extra, apiVersion: 'v1', kind: 'Pod', metadata, spec: { ...parts.extra, containers } };
});

describe('loading', () => {
  test.each([
    ['any text', fc.string({ unit: 'binary', maxLength: 60 })],
    ['words in any order', soup],
    ['expressions', sound],
  ])('never throws, and every fault has a place: %s', (_name, texts) => {
    fc.assert(
      fc.property(texts, texts, (expression, messageExpression) => {
        const program = compileProgram({ expression, messageExpression, variables: [{ name: 'v', expression }] });
        if (program.ok) return;
        for (const { pointer, problem } of program.faults) {
          expect(pointer).toMatch(/^\/(expression|messageExpression|variables\/0\/expression)$/);
          expect(problem).toMatch(/^[^\p{C}]+$/u);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('evaluating', () => {
  test('never throws, and says each time that it is true, false or unknown, on one line', () => {
    let answered = 0;
    fc.assert(
      fc.property(sound, object, object, (text, now, before) => {
        const expression = `dyn(${text})`;
        if (!compileProgram({ expression }).ok) return;
        const policy = policyOf(`{rules: [{rule: cel, parameters: {expression: ${JSON.stringify(expression)}}}]}`);
        const request = requestFor(readWorkload(now), { operation: 'UPDATE', oldObject: before });
        for (const { outcome, message, container, pointer } of findingsOf([policy], request)) {
          expect(['violation', 'unknown']).toContain(outcome);
          expect(message).toMatch(/^[^\p{Cc}\p{Zl}\p{Zp}]+$/u);
          expect(pointer).toMatch(container === undefined ? /^$/ : /^\/spec\/containers\/0(\/image)?$/);
        }
        answered += 1;
      }),
      { numRuns: 4000 },
    );
    expect(answered).toBeGreaterThan(2000);
  }, 60_000);

  test('gives the same answer for the same object', () => {
    fc.assert(
      fc.property(sound, object, (text, now) => {
        const program = compileProgram({ expression: `dyn(${text})` });
        if (!program.ok || !isObject(now)) return;
        const policy = policyOf(`{rules: [{rule: cel, parameters: {expression: ${JSON.stringify(`dyn(${text})`)}}}]}`);
        const ask = (): unknown =>
          findingsOf([policy], requestFor(readWorkload(now))).map((one) => ({ ...one, seen: one.seen?.() }));
        expect(ask()).toEqual(ask());
      }),
      { numRuns: 500 },
    );
  });
});

import { describe, expect, test } from 'vitest';
import { type ParsedDocument, parseDocuments } from '../../../src/files/yaml/yaml.ts';
import { KEYS, MERGES, SCALARS } from './kubectl-values.ts';

function values(text: string): readonly unknown[] {
  return parseDocuments(text).map((document) =>
    document.ok ? document.value : `${document.line}:${document.column}: ${document.problem}`,
  );
}

function problemOf(text: string): string {
  const problem = parseDocuments(text).find(
    (document): document is Extract<ParsedDocument, { ok: false }> => !document.ok,
  );
  return problem === undefined ? 'none' : `${problem.line}:${problem.column}: ${problem.problem}`;
}

describe('values are what kubectl reads', () => {
  test.each(SCALARS)('%j', (text, value) => {
    expect(values(`k: ${text}\n`)).toEqual([{ k: value }]);
  });

  test.each(KEYS)('%j as a key is %j', (text, key) => {
    expect(values(`? ${text}\n: 1\n`).map((value) => Object.keys(value as object))).toEqual([[key]]);
  });

  test.each(MERGES)('%s', (_name, text, value) => {
    expect(values(text)).toEqual([value]);
  });

  test('the key __proto__ is data', () => {
    const [value] = values('__proto__: {admin: true}\nz: {<<: {__proto__: 1}}\n') as [{ z: object }];
    expect([Object.keys(value), Object.keys(value.z), Object.getPrototypeOf(value) === Object.prototype]).toEqual([
      ['__proto__', 'z'],
      ['__proto__'],
      true,
    ]);
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
  });

  test('an alias shares the value', () => {
    const [value] = values('a: &x [1]\nb: *x\n') as [{ a: unknown; b: unknown }];
    expect(value.a).toBe(value.b);
  });

  test.each([
    ['text', 'text'],
    ['yes', 'true'],
    ['0x10', '16'],
    ['-0', '0'],
    ['-.0', '-0'],
    ['1e3', '1000'],
    ['1e16', '1e+16'],
    ['.inf', '.inf'],
  ])('an alias of %s is the same key as its anchor', (scalar, key) => {
    expect(values(`a: {&x ${scalar} : 1}\nb: {*x : 1}\n`)).toEqual([{ a: { [key]: 1 }, b: { [key]: 1 } }]);
  });
});

describe('documents of a file', () => {
  const CASES: readonly (readonly [name: string, text: string, values: readonly unknown[]])[] = [
    ['none in an empty text', '', []],
    ['none in comments and blank lines', '# only\n\n---\n \n# this\n--- # and this\n', []],
    ['none in null', 'null\n---\n~\n', []],
    ['a separator first', '---\na: 1\n', [{ a: 1 }]],
    ['several', 'a: 1\n---\nb: 1\n---\nc: 1', [{ a: 1 }, { b: 1 }, { c: 1 }]],
    ['Windows line ends', 'a: 1\r\n---\r\nb: |\r\n  x\r\n  y\r\n', [{ a: 1 }, { b: 'x\ny\n' }]],
    ['a byte order mark', '\uFEFFa: 1\n---\n\uFEFFb: 1\n', [{ a: 1 }, { b: 1 }]],
    ['a byte order mark before a separator', '\uFEFF---\na: 1\n', [{ a: 1 }]],
    ['comments behind separators', '--- # Source: web.yaml\na: 1\n---\t# x\nb: 1\n', [{ a: 1 }, { b: 1 }]],
    ['a separator ends a block scalar', 'a: |\n  x\n---\nb: 1\n', [{ a: 'x\n' }, { b: 1 }]],
    ['an indented line of dashes is text', 'a: |\n  x\n  ---\n', [{ a: 'x\n---\n' }]],
    ['dashes in a value are text', 'a: "-----BEGIN"\nb: ---\n', [{ a: '-----BEGIN', b: '---' }]],
    ['an end of document, then a separator', 'a: 1\n...\n# x\n...\n---\nb: 1\n...\n', [{ a: 1 }, { b: 1 }]],
    ['a list, a text', '- a\n---\nb\n', [['a'], 'b']],
    [
      'a broken one does not hide its neighbours',
      'a: 1\n---\nb: [\n---\nc: 1\n',
      [{ a: 1 }, '3:4: unclosed "["', { c: 1 }],
    ],
    [
      'content on the line of a separator',
      'a: 1\n--- {b: 1}\n---\nc: 1\n',
      [{ a: 1 }, '2:5: kubectl accepts only a comment after "---"; start a new line', { c: 1 }],
    ],
    [
      'a separator without its space',
      'a: 1\n---b: 1\n',
      [{ a: 1 }, '2:4: kubectl accepts only a comment after "---"; start a new line'],
    ],
    [
      'what go-yaml would not read',
      'a: 1\n...\nb: 1\n---\nc: 1\n',
      [{ a: 1 }, '3:1: kubectl ignores the text after "..."; start a new document with a line "---"', { c: 1 }],
    ],
    [
      'a document that only a YAML 1.2 line end separates',
      'a: 1\r---\rb: 1\r',
      [{ a: 1 }, '2:1: kubectl ignores the text after "..."; start a new document with a line "---"'],
    ],
    [
      'a comment that is glued to the first separator',
      '---#c\na: 1\n',
      ['2:2: unexpected content; check the indentation, and quote strings that contain ": "'],
    ],
    ['a carriage return behind the comment of the first separator', '--- # c\ra: 1\r\nb: 1\n', [{ a: 1, b: 1 }]],
    [
      'the same behind a separator that follows another',
      'a: 1\n---\n---\t#\rb: 1\r\n---\nc: 1\n',
      [{ a: 1 }, { b: 1 }, { c: 1 }],
    ],
    ['the same with JSON', '---\r# c\r{"a":1}\n---\n', [{ a: 1 }]],
    ['carriage returns at the end, each a line end', 'a: |+\r\r', [{ a: '\n' }]],
    ['a carriage return and a line end', 'a: |+\r\r\n', [{ a: '' }]],
    ['the same behind a blank line', '---  \r\r#c\ra: 1\n', [{ a: 1 }]],
    ['a carriage return behind the comment of a later separator', 'a: 1\n--- # c\rb: 1\n', [{ a: 1 }]],
    [
      'an invisible line end after the comment of the first separator',
      '--- # c\u2028a: 1\n---\nb: 1\n',
      ['1:8: the invisible character U+2028 ends a line for kubectl; remove it', { b: 1 }],
    ],
    [
      'the same in front of a comment',
      '---\u0085# c\u2029a: 1\n---\nb: 1\n',
      ['1:4: the invisible character U+0085 ends a line for kubectl; remove it', { b: 1 }],
    ],
    [
      'a document that begins in the line of "---" behind a byte order mark',
      'a: 1\n---\n\uFEFF--- {b: 1}\n',
      [{ a: 1 }, { b: 1 }],
    ],
    ['the same behind two of them', '\uFEFF\uFEFF--- {"a": 1}\n---\nb: 1\n', [{ a: 1 }, { b: 1 }]],
    ['the same, over lines', 'a: 1\n---\n\uFEFF--- {\nb: 1,\nc: 2}\n', [{ a: 1 }, { b: 1, c: 2 }]],
    ['the same with an anchor', 'a: 1\n---\n\uFEFF--- &x\nb: 1\n', [{ a: 1 }, { b: 1 }]],
    ['the same with a list', '\uFEFF\uFEFF--- [{a: 1}] # c\n', [[{ a: 1 }]]],
    ['the same with a text', 'a: 1\n---\n\uFEFF--- |\n  x\n', [{ a: 1 }, 'x\n']],
    ['a comment behind it', '\uFEFF\uFEFF--- # c\na: 1\n', [{ a: 1 }]],
    ['a comment that is glued to another separator', 'a: 1\n---#c\nb: 1\n', [{ a: 1 }, { b: 1 }]],
    [
      'an end of document where nothing was',
      'a: 1\n---\n...\n---\nb: 1\n',
      [{ a: 1 }, '3:1: expected a value before "..."', { b: 1 }],
    ],
    [
      'a byte order mark that separates no files',
      '---\n\uFEFFa: 1\n',
      ['2:1: invisible byte order mark (U+FEFF) at the start of a line; remove it'],
    ],
    ['a line of tabs alone', 'a: 1\n---\n\t\n', [{ a: 1 }, '3:1: tabs cannot be used for indentation; use spaces']],
    ['a directive', '%YAML 1.2\n---\na: 1\n', ['1:1: kubectl reads no "%" lines: remove it', { a: 1 }]],
  ];
  test.each(CASES)('%s', (_name, text, expected) => {
    expect(values(text)).toEqual(expected);
  });

  test('count from 0 without the empty ones, and know their lines', () => {
    const documents = parseDocuments('# c\n---\n\n# c\na: 1\n---\n---\nb: {\n---\n\n  c: 1\n');
    expect(documents.map(({ ok, index, line }) => [ok, index, line])).toEqual([
      [true, 0, 5],
      [false, 1, 8],
      [true, 2, 11],
    ]);
  });
});

describe('JSON', () => {
  const CASES: readonly (readonly [name: string, text: string, values: readonly unknown[]])[] = [
    ['one value', ' {"a": [1, "\\u00e9\\/"]} \n', [{ a: [1, 'é/'] }]],
    ['a list', '[{"a": 1}]', [[{ a: 1 }]]],
    ['lines', '{"a":1}\n{"b":2}\n\n{"c":3}\n', [{ a: 1 }, { b: 2 }, { c: 3 }]],
    ['values without anything between', '{"a":1}{"b":2}', [{ a: 1 }, { b: 2 }]],
    ['values printed over several lines', '{\n  "a": "}{"\n}\n{\n  "b": "\\"}"\n}\n', [{ a: '}{' }, { b: '"}' }]],
    ['behind separators', '---\n{"a":1}\n{"b":2}\n---\nc: 3\n', [{ a: 1 }, { b: 2 }, { c: 3 }]],
    ['YAML behind JSON', '{"a":1}\nb: 2\n', [{ a: 1 }, { b: 2 }]],
    ['a comment behind JSON', '{"a":1} # c\n', [{ a: 1 }]],
    ['YAML that looks like JSON', '{"a": b, c: [yes],}\n', [{ a: 'b', c: [true] }]],
    ['YAML that looks like JSON, with comments', '{"a": 1, # }\n "b": [2, # "\n 3]}\n', [{ a: 1, b: [2, 3] }]],
    [
      'YAML that looks like JSON, over lines',
      '{"a": [\n{"b": c},\n{"b": d}\n]}\n{"e": 1}\n',
      [{ a: [{ b: 'c' }, { b: 'd' }] }, { e: 1 }],
    ],
    ['YAML in braces', '{a: 1,\nb: 2}\n', [{ a: 1, b: 2 }]],
    ['the later of two keys', '{"a":1,"a":2}', [{ a: 2 }]],
    ['half of a character', '{"a":"\\ud83d","b":"\\ud83d\\ude00"}', [{ a: '\uFFFD', b: '😀' }]],
    [
      'numbers that Go cannot read are texts',
      '{"a":1e400,"b":[-1E+999,1e308]}',
      [{ a: '1e400', b: ['-1E+999', 1e308] }],
    ],
    ['tabs as indentation', '{\n\t"a": 1\n}', [{ a: 1 }]],
    [
      'a broken line does not hide the others',
      '{"a":1}\n{"b": "2" 3}\n{"c":\n{"d":4}\n',
      [{ a: 1 }, '2:11: expected "," or "}" for the "{" at 2:1', '3:1: unclosed "{"', { d: 4 }],
    ],
    [
      'a broken first line does not, either',
      '{"a" 1}\n{"b":2}\n',
      ['1:6: expected "," or "}" for the "{" at 1:1', { b: 2 }],
    ],
  ];
  test.each(CASES)('%s', (_name, text, expected) => {
    expect(values(text)).toEqual(expected);
  });

  test('takes __proto__ as data', () => {
    const [value] = values('{"__proto__": {"admin": true}}');
    expect(Object.keys(value as object)).toEqual(['__proto__']);
  });
});

describe('problems say what is wrong, where, and what would be accepted', () => {
  const CASES: readonly (readonly [text: string, problem: string])[] = [
    ['a:\n\t- b\n', '2:1: tabs cannot be used for indentation; use spaces'],
    ['a: b: c\n', '1:5: unexpected content; check the indentation, and quote strings that contain ": "'],
    ['a: 1\n b: 2\n', '2:3: unexpected content; check the indentation, and quote strings that contain ": "'],
    ['- [a]\n - c\n', '2:2: unexpected content; check the indentation of the list'],
    ['a: "x\n', '1:4: unclosed quote'],
    ["a: 'x\n---\n", '1:4: unclosed quote'],
    ['a: [x\n', '1:4: unclosed "["'],
    ['a: 1\nb: {c: 1\nd: 2}\n', '3:2: expected "," or "}" for the "{" at 2:4'],
    ['a: [x y] z\n', '1:10: unexpected content; check the indentation, and quote strings that contain ": "'],
    ['a: {x: 1 "y": 2}\n', '1:13: expected "," or "}" for the "{" at 1:4'],
    ['a: [, b]\n', '1:5: expected a value before ","'],
    ['a: 1\nb\n', '2:1: expected "key: value", but ":" is missing after the key'],
    ['- a\nb: 1\n', '2:1: expected the end of the document: this belongs to no key above'],
    ['a: "\\d"\n', '1:6: unknown escape after "\\" in double quotes; use "\\\\" for a backslash'],
    ['a: "\\ud83d"\n', '1:4: an escape is half of a character; write the character itself'],
    ['a: [--bind, ::]\n', '1:13: expected a value before ":": put a text that starts with ":" in quotes'],
    ['a: [x, - y]\n', '1:8: unexpected list item "-"; quote it if it is a string'],
    ['a: [b?c]\n', '1:6: expected "," or "]" for the "[" at 1:4'],
    ['a: [x]]\n', '1:7: unexpected content; check the indentation, and quote strings that contain ": "'],
    ['a: %x\n', '1:4: unquoted strings cannot start with "%"; quote the string'],
    ['a: *.example.com\n', '1:4: the name after "&" or "*" is missing'],
    [
      'a: *x.example.com\n',
      '1:4: the name after "&" or "*" can contain only letters, digits, "-", and "_"; quote strings with other characters',
    ],
    ['a: - b\n', '1:4: a list cannot start here; start a new line, or quote strings that contain "- "'],
    ['a: "\\/"\n', '1:6: unknown escape after "\\" in double quotes; use "\\\\" for a backslash'],
    ['a: !b!c d\n', '1:4: malformed tag (!name)'],
    [`a: ${'['.repeat(10_000)}\n`, '1:103: maps and lists are nested more than 100 deep'],
    ['a: *b\n', '1:4: unknown alias: no anchor with its name precedes it; quote strings that start with "*"'],
    ['a: &b [*b]\n', '1:8: anchor &b contains itself'],
    ['a: &b *b\n', '1:7: an alias (*name) cannot have an anchor or a tag'],
    ['? [a]\n: 1\n', '1:3: a map or a list cannot be a key'],
    ['a: &x [b]\n*x : 1\n', '2:1: a map or a list cannot be a key'],
    ['a: &x {toString: 1}\n*x : 1\n', '2:1: a map or a list cannot be a key'],
    ['a: &x {__proto__: 1}\n? *x\n', '2:3: a map or a list cannot be a key'],
    ['a: &x {valueOf: b, toString: c}\nb: {<<: *x, *x: 1}\n', '2:13: a map or a list cannot be a key'],
    ['a: &x [{toString: 1}]\nb: {*x : 1}\n', '2:5: a map or a list cannot be a key'],
    ['a: &x {toString: {}}\nb: [*x : 1]\n', '2:5: a map or a list cannot be a key'],
    ['null: 1\n', '1:1: a key is null; quote it'],
    ['9007199254740993: 1\n', '1:1: a key is a number beyond 2^53; quote it'],
    ['a: .inf\n', '1:4: JSON, and therefore Kubernetes, has no such number'],
    ['a: .NaN\n', '1:4: JSON, and therefore Kubernetes, has no such number'],
    ['.inf\n', '1:1: JSON, and therefore Kubernetes, has no such number'],
    ['a: {b/c: [1, !!float .nan]}\n', '1:22: JSON, and therefore Kubernetes, has no such number'],
    ['a: .inf\na: 1\nb: [-.inf]\n', '3:5: JSON, and therefore Kubernetes, has no such number'],
    ['a: {x: &x .inf}\na: [*x]\n', '1:11: JSON, and therefore Kubernetes, has no such number'],
    ['a: {b: .inf}\nc: {<<: {d: .inf}}\na: 1\n', '2:13: JSON, and therefore Kubernetes, has no such number'],
    ['a: !!int x\n', '1:4: the value is not valid for the tag !!int'],
    ['a: !!int 1.5\n', '1:4: the value is not valid for the tag !!int'],
    ['a: !!int 09\n', '1:4: the value is not valid for the tag !!int'],
    ['a: !!int 18446744073709551616\n', '1:4: the value is not valid for the tag !!int'],
    ['a: !!int -9223372036854775809\n', '1:4: the value is not valid for the tag !!int'],
    ['a: !!bool 1\n', '1:4: the value is not valid for the tag !!bool'],
    ['a: !!timestamp x\n', '1:4: the value is not valid for the tag !!timestamp'],
    ['a: !!binary "%"\n', '1:4: the value is tagged !!binary but is not valid base64'],
    ['a: {<<: 1}\n', '1:5: "<<" requires a map or a list of maps'],
    ['a: &x [{b: 1}]\nc: {<<: *x}\n', '2:5: "<<" requires a map or a list of maps'],
    ['a: |x\n', '1:5: after "|" or ">", only an indentation digit, "+" or "-", and a comment are allowed'],
    ['a: \u0007\n', '1:4: the control character U+0007 is not allowed in YAML'],
    ['# \0\n', '1:3: the control character U+0000 is not allowed in YAML'],
    ['a: x # c\u2028  b: y\n', '1:9: the invisible character U+2028 ends a line for kubectl; remove it'],
    ['a: x\u0085b: y\n', '1:5: the invisible character U+0085 ends a line for kubectl; remove it'],
    ['a: \uD83D\n', '1:4: half of a character (lone UTF-16 surrogate)'],
  ];
  test.each(CASES)('%j', (text, problem) => {
    expect(problemOf(text)).toBe(problem);
  });
});

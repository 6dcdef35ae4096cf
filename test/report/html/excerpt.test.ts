import { describe, expect, test } from 'vitest';
import { excerptOf, excerptSource } from '../../../src/report/html/excerpt.ts';

interface Case {
  readonly name: string;
  readonly text: string;
  readonly line: number;
  readonly column: number;
  readonly image?: string;
  readonly pointer?: string;
  readonly file?: string;
  /** `number|text`, with the value in brackets. */
  readonly shown: readonly string[];
}

const DEPLOYMENT = `kind: Deployment
metadata:
  name: web
  annotations:
    note: s3cret
spec:
  template:
    spec:
      containers:
        # s3cret
        - image: evil.example/web:1 # s3cret
          env:
            - name: PASSWORD
              value: s3cret
          name: web
          ports:
            - containerPort: 80
              hostPort: 80
        - name: proxy
          args: [--token=s3cret]
          image: "proxy"
`;

const LEADING = ['6|spec:', '7|  template:', '8|    spec:', '9|      containers:'];

const CASES: readonly Case[] = [
  {
    name: 'the keys that contain the value, and the name beside it',
    text: DEPLOYMENT,
    line: 11,
    column: 18,
    image: 'evil.example/web:1',
    shown: [...LEADING, '11|        - image: [evil.example/web:1] # …', '15|          name: web'],
  },
  {
    name: 'the second item of a list without the first, and a value in quotes',
    text: DEPLOYMENT,
    line: 21,
    column: 18,
    image: 'proxy',
    shown: [...LEADING, '19|        - name: proxy', '21|          image: ["proxy"]'],
  },
  {
    name: 'a value that is not an image, in a list in an item',
    text: DEPLOYMENT,
    line: 17,
    column: 30,
    shown: [
      ...LEADING,
      '11|        - image: evil.example/web:1 # …',
      '16|          ports:',
      '17|            - containerPort: [80]',
    ],
  },
  {
    name: 'a list with the indentation of its key',
    text: 'spec:\n  containers:\n  - name: a\n    image: a\n  - name: b\n    image: b\n',
    line: 6,
    column: 12,
    image: 'b',
    shown: ['1|spec:', '2|  containers:', '5|  - name: b', '6|    image: [b]'],
  },
  {
    name: 'no line of the document before',
    text: 'a: 1\nb:\n---\nspec:\n  image: x\n',
    line: 5,
    column: 10,
    image: 'x',
    shown: ['4|spec:', '5|  image: [x]'],
  },
  {
    name: 'JSON on one line without its other values',
    text: '{"kind":"Pod","env":[{"value":"s3cret"}],"image":"a:1","args":["s3cret"]}',
    line: 1,
    column: 50,
    image: 'a:1',
    shown: ['1|{"kind":"Pod","env":[{"value":…}],"image":["a:1"],"args":[…]}'],
  },
  {
    name: 'JSON on many lines',
    text: '{\n  "kind": "Pod",\n  "spec": {\n    "containers": [\n      {\n        "args": ["s3cret"],\n        "image": "a:1"\n      }\n    ]\n  }\n}\n',
    line: 7,
    column: 18,
    image: 'a:1',
    shown: ['1|{', '3|  "spec": {', '4|    "containers": [', '5|      {', '7|        "image": ["a:1"]'],
  },
  {
    name: 'an ellipsis instead of a value that can be a secret',
    text: DEPLOYMENT,
    line: 14,
    column: 22,
    pointer: '/spec/containers/0/env/0/value',
    shown: [
      ...LEADING,
      '11|        - image: evil.example/web:1 # …',
      '12|          env:',
      '13|            - name: PASSWORD',
      '14|              value: […]',
    ],
  },
  {
    name: 'no password of an image, nor of one beside it',
    text: 'spec:\n  - image: ci:s3cret@registry.example.com/a\n    name: ci:s3cret@registry.example.com/b\n    ports:\n      - port: 1\n',
    line: 2,
    column: 12,
    image: 'ci:s3cret@registry.example.com/a',
    shown: ['1|spec:', '2|  - image: [ci:…@registry.example.com/a]', '3|    name: …'],
  },
  {
    name: 'an object without its values',
    text: 'spec:\n  containers:\n    - {name: a, env: [{name: b, value: s3cret}]}\n',
    line: 3,
    column: 7,
    shown: ['1|spec:', '2|  containers:', '3|    - [{name: a, env: [{name: b, value: …}]}]'],
  },
  {
    name: 'a Dockerfile',
    file: 'Dockerfile',
    text: 'ARG TOKEN=s3cret\nFROM nginx AS web\n',
    line: 2,
    column: 6,
    image: 'nginx',
    shown: ['2|FROM [nginx] AS web'],
  },
];

describe('the excerpt of a file in the HTML report', () => {
  test.each(CASES)('has $name', ({ text, line, column, image = null, pointer = '', file = 'web.yaml', shown }) => {
    const excerpt = excerptOf(excerptSource(file, text), { line, column, image, pointer });
    if (excerpt === undefined) throw new Error('there is no excerpt');
    const { lines, marked, from, to } = excerpt;
    const spelled = lines.map(([number, own], index) =>
      index === marked ? `${number}|${own.slice(0, from)}[${own.slice(from, to)}]${own.slice(to)}` : `${number}|${own}`,
    );
    expect(spelled).toEqual(shown);
    expect(JSON.stringify(excerpt)).not.toContain('s3cret');
  });

  test('is absent if the file has no such line', () => {
    expect(
      excerptOf(excerptSource('a.yaml', 'a: 1\n'), { line: 9, column: 1, image: null, pointer: '' }),
    ).toBeUndefined();
  });
});

/** Dockerfiles of any kind: most of them are right, all of them are meant to be misread. */
import * as fc from 'fast-check';

const any = (...values: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...values);
const call = (...parts: readonly (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string> =>
  fc.tuple(...parts.map((one) => (typeof one === 'string' ? fc.constant(one) : one))).map((all) => all.join(''));
const list = (one: fc.Arbitrary<string>, maxLength: number, minLength = 0): fc.Arbitrary<string> =>
  fc.array(one, { minLength, maxLength }).map((all) => all.join(''));

const image = any('nginx:1.27', 'alpine', 'r.io:5000/a/b:v1', 'ghcr.io/x/y', 'scratch', 'base', 'Base', 'tool');
const space = any(' ', '  ', '\t', ' \t');
const name = any('EOF', 'E', '1', '+EOF+', 'a.b', '$X', 'EOF)', '-x', '${X:-y}');

/** The marker, and the line that ends it as most would say. */
const marker = fc
  .tuple(any('', '3', 'x', '(', '1 '), any('<<', '<<-', '<< ', '<<<', '<'), name, any('', '"', "'", '\\', 'words'))
  .map(([lead, arrows, word, quote]) => {
    const [written, end] =
      quote === '\\'
        ? [`\\${word}`, word]
        : quote === 'words'
          ? [`"end of ${word}"`, `end of ${word}`]
          : [`${quote}${word}${quote}`, word];
    return { written: `${lead}${arrows}${written}`, end };
  });

const noise = any(
  'FROM x:1',
  'COPY --from=y:1 / /',
  '# syntax=z:1',
  'EOF',
  '\tEOF',
  ' E',
  '1',
  'RUN <<EOF',
  'x \\',
  '',
  "it's",
);

const word = any(
  'cat',
  '>x',
  '"a b"',
  "'<<EOF'",
  '"<<E"',
  'a\\ b',
  '$X',
  '${X:-"y z"}',
  '$((1<<2))',
  '\\<<E',
  '[',
  '${}',
  '"',
);

const hereDocument = fc
  .record({
    command: any('RUN', 'run', 'COPY', 'ADD', 'ONBUILD RUN', 'ONBUILD  COPY', 'LABEL', 'RUN --network=none'),
    markers: fc.array(marker, { minLength: 1, maxLength: 2 }),
    before: fc.array(word, { maxLength: 2 }),
    body: fc.array(noise, { maxLength: 3 }),
    goesOn: any('', ' \\\n ', ' \\  \n# FROM x:2\n\n '),
  })
  .map(({ command, markers, before, body, goesOn }) => {
    const words = [...before, ...markers.map(({ written }) => written)].join(' ');
    const bodies = markers.map(
      ({ end }, index) => `${body.map((line) => `${line}\n`).join('')}${index % 2 ? '\t' : ''}${end}\n`,
    );
    return `${command}${goesOn} ${words} /x/\n${bodies.join('')}`;
  });

const quoted = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(text, any('', '"', "'", '\\'))
    .map(([value, quote]) => (quote === '\\' ? `\\${value}` : `${quote}${value}${quote}`));

const from = call(
  any('FROM', 'from', 'From'),
  space,
  any('', '--platform=$BUILDPLATFORM ', '--platform="linux/amd64" '),
  quoted(image),
  any('', '', ' AS base', ' as Tool', '\tAs base', ' \\\n  AS tool', ' \\ \n# x\n\n'),
  '\n',
);
const copy = call(
  any('COPY', 'copy', 'ONBUILD COPY'),
  space,
  any('', '--chown=1:1 ', '--link '),
  any('--from=', '--from=', '"--from=', "--fr'om'="),
  any('nginx:1', 'r.io/a/b:2', '"busybox:1"', 'b\\\nusybox:1', "'r.io/x:1'"),
  any('', '"'),
  any(' a b', ' ["a", "b"]', ' \\\n a b'),
  '\n',
);
const stageCopy = call('COPY --from=', any('base', 'TOOL', '0', '1', 'scratch', 'other'), ' a b\n');
const run = call(
  any('RUN', 'ONBUILD run', 'Run'),
  ' --mount=',
  any('', 'type=bind,', 'type=cache,', '"type=bind",'),
  any('from=', 'From=', '"from=', "'from="),
  any('nginx:1', 'r.io/a/b:2', 'busybox:3'),
  any('', '"', "'"),
  any(',target=/x', ',"target=/x"', ',target=/x,ro', ',target="/a b"'),
  any(' ls', ' ls --mount=from=x:9', ' -- ls', ' ["ls"]'),
  '\n',
);
const csv = call(
  `RUN --mount='type=bind,"from=`,
  any('nginx:1', 'a""b', 'r.io/a:1'),
  any('"', '",'),
  `target=/x' ls\n`,
);
const other = any(
  '# FROM x:1\n',
  '\n',
  '   \n',
  'RUN a \\\n# x\n b\n',
  'RUN a \\\\\n',
  'RUN a \\\n\n\nb\n',
  'ENV A=<<EOF\n',
  'CMD ["<<EOF"]\n',
  'RUN ["cat", "<<EOF"]\n',
  'RUN [1] <<EOF\nEOF\n',
  'RUN a | sed "s/<<//"\n',
  'WORKDIR /x\n',
  '  RUN x\n',
  'ARG base\n',
);

const instruction = fc.oneof(
  { weight: 4, arbitrary: hereDocument },
  { weight: 3, arbitrary: from },
  { weight: 2, arbitrary: copy },
  { weight: 1, arbitrary: stageCopy },
  { weight: 2, arbitrary: run },
  { weight: 1, arbitrary: csv },
  { weight: 3, arbitrary: other },
);

const spelled = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .record({ text, crlf: fc.boolean(), mark: fc.boolean(), backtick: fc.boolean(), cut: fc.boolean() })
    .map(({ text: plain, crlf, mark, backtick, cut }) => {
      const escaped = backtick ? `# escape=\`\n${plain.replaceAll(/\\(?=[ \t]*\n)/g, '`')}` : plain;
      const ended = cut ? escaped.replace(/\n$/, '') : escaped;
      return `${mark ? '\uFEFF' : ''}${crlf ? ended.replaceAll('\n', '\r\n') : ended}`;
    });

export const dockerfile = spelled(call(any('', '# syntax=docker/dockerfile:1\n'), from, list(instruction, 4)));

const directive = call(
  any('#', '# ', ' # ', '//', '#  '),
  any('syntax', 'escape', 'check', 'Syntax', 'ESCAPE', 'other'),
  any('=', ' = ', '= '),
  any('`', '\\', 'docker/dockerfile:1', 'r.io/d:1 x', 'skip=all', ''),
  any('\n', ' \n', '\r\n'),
);
export const reorderedDirectives = spelled(
  call(
    list(fc.oneof(directive, any('#!/x\n', '\n', '# x\n')), 4),
    'FROM a:1 `\n',
    any('', ' AS x\n'),
    any('RUN x \\\n y\n', ''),
  ),
);

const value = any(
  '1.27.3',
  'v1.2',
  'a-b-c',
  '',
  '1_2_3',
  'nginx:1',
  '"1 2"',
  "'x'",
  '$A',
  '${B:-1}',
  'x\\ y',
  'a.b*c?',
  '"$A"',
);
const piece = any('.', '-', '*', '?', '1', 'v', '_', '\\*', '\\?', '\\\\', '\\/', '\\}', '"', "'", '$A', 'x', ' ');
const pattern = list(piece, 3);
const use = fc.oneof(
  any('$A', '${A}', '$B', '${C}', '$TARGETFOO', '$', '${A', '${}', '$1', '${A^^}', '${A:0:1}'),
  call(
    '${',
    any('A', 'B', 'C'),
    any(':-', '-', ':+', '+', ':?', '?', ':='),
    any('x', '"y"', '1.2', '', '$B', '${C:-z}', "'$A'", 'a}b'),
    '}',
  ),
  call('${', any('A', 'B'), any('#', '##', '%', '%%'), pattern, '}'),
  call('${', any('A', 'B'), any('/', '//'), pattern, '/', any('', 'x', '.', '$B', '\\$'), '}'),
);
export const variables = spelled(
  call(
    list(call('ARG ', any('A', 'B', 'C'), any('=', '=', '=', ''), value, any('', ' B=2', ' C'), '\n'), 3),
    list(call('ARG A="', list(use, 2), '"\n'), 1),
    list(
      call('FROM ', any('', '"'), any('nginx:1', 'r.io/x:', 'a:1-'), list(use, 2, 1), any('', '-slim', '"'), '\n'),
      2,
      1,
    ),
  ),
);

/** Of one version several images, whole or cut, and ARGs that are made from others. */
const version = any('V', 'W', 'I');
const part = any('.*', '-*', '*:', '*.', '@*', ':*', '1', '27', '2?', '*', 'a', '1.2?');
const cut = fc.oneof(
  { weight: 3, arbitrary: call('$', version) },
  call('${', version, any(':-1.26', '-1.26', ':+1.26', ':-$W', '+-x'), '}'),
  call('${', version, any('#', '##', '%', '%%'), part, '}'),
  call('${', version, any('/', '//'), part, '/', any('', '1', '$W'), '}'),
);
const tagged = fc.oneof(
  call(any('nginx:', 'nginx:', 'r.io/a:'), cut, any('', '', '-alpine')),
  cut,
  call(cut, ':', cut),
  any('nginx:1.27', 'base', 'nginx:1.27-$TARGETARCH'),
);
const global = call(
  'ARG ',
  version,
  '=',
  any('', '"'),
  fc.oneof(any('1.27', '1.27.1', 'nginx', 'nginx:1.27', 'base'), cut),
  any('', ' W=v$V', ' W'),
  '\n',
).map((line) => line.replace(/"(.*?)(?= W|\n)/, '"$1"'));
const stage = call(
  'FROM ',
  tagged,
  any('', '', ' AS base', ' AS nginx'),
  '\n',
  any('', '', 'RUN <<E\nFROM nginx:$V\nE\n', 'COPY --from=r.io/a:1.27 / /\n', 'RUN echo ${V#*.}\n'),
);
export const withArguments = spelled(call(list(global, 4), list(stage, 3, 1)));

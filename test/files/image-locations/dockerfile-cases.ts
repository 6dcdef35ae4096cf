/** Dockerfiles, and the images in them: line, column and image, with the state where it is none that can be looked up. */

export interface DockerfileCase {
  readonly what: string;
  readonly text: string;
  readonly found: readonly string[];
}

const HERE: readonly (readonly [string, string, readonly string[]])[] = [
  ['a bare marker', 'FROM a:1\nRUN <<EOF\nFROM x:1\nEOF\nFROM b:1', ['1:6 a:1', '5:6 b:1']],
  ['a marker in double quotes', 'FROM a:1\nRUN cat <<"EOF" >x\nFROM x:1\nEOF\nFROM b:1', ['1:6 a:1', '5:6 b:1']],
  ['words in quotes', "FROM a:1\nRUN <<'end of file'\nFROM x:1\nend\nend of file\nFROM b:1", ['1:6 a:1', '6:6 b:1']],
  ['an escaped marker', 'FROM a:1\nCOPY <<\\EOF /x\nFROM x:1\nEOF\nFROM b:1', ['1:6 a:1', '5:6 b:1']],
  ['a number', 'FROM a:1\nRUN <<1 cat\nFROM x:1\n1\nFROM b:1', ['1:6 a:1', '5:6 b:1']],
  ['no name behind the hyphen', 'FROM a:1\nRUN cat <<- EOF\nFROM b:1\n', ['1:6 a:1', '3:6 b:1']],
  ['signs', 'FROM a:1\nADD <<+EOF+ /x\nFROM x:1\n+EOF+\nFROM b:1', ['1:6 a:1', '5:6 b:1']],
  ['a file descriptor', 'FROM a:1\nRUN cat 3<<EOF\nFROM x:1\nEOF\nFROM b:1', ['1:6 a:1', '5:6 b:1']],
  ['blanks before the name', 'FROM a:1\nRUN cat << EOF\nFROM x:1\nEOF\nFROM b:1', ['1:6 a:1', '5:6 b:1']],
  [
    'what follows the name without a blank',
    'FROM a:1\nRUN (cat <<EOF)\nFROM x:1\nEOF\nEOF)\nFROM b:1',
    ['1:6 a:1', '6:6 b:1'],
  ],
  ['tabs before the end', 'FROM a:1\nRUN <<-E\nFROM x:1\n\t\tE\nFROM b:1', ['1:6 a:1', '5:6 b:1']],
  ['no tabs without the hyphen', 'FROM a:1\nRUN <<E\n\tE\nFROM x:1\nE\nFROM b:1', ['1:6 a:1', '6:6 b:1']],
  ['no blanks at all before the end', 'FROM a:1\nRUN <<-E\n E\nFROM x:1\nE \nE\nFROM b:1', ['1:6 a:1', '7:6 b:1']],
  ['two in a line', 'FROM a:1\nCOPY <<x <<"y" /d/\nFROM x:1\nx\nFROM x:2\nx\ny\nFROM b:1', ['1:6 a:1', '8:6 b:1']],
  ['a variable as the name', 'FROM a:1\nRUN cat <<$X\nFROM x:1\n$X\nFROM b:1', ['1:6 a:1', '5:6 b:1']],
  [
    'under ONBUILD',
    'FROM a:1\nONBUILD COPY <<EOF /x\nFROM x:1\nEOF\nONBUILD RUN <<E\nFROM x:2\nE\nFROM b:1',
    ['1:6 a:1', '8:6 b:1'],
  ],
  [
    'after lines that go on',
    'FROM a:1\nRUN cat \\\n# FROM x:0\n\n <<EOF \\\n >x\nFROM x:1\nEOF\nFROM b:1',
    ['1:6 a:1', '9:6 b:1'],
  ],
  [
    'a backslash whatever the directive says',
    '# escape=`\nFROM a:1\nRUN <<\\E `\n cat\nFROM x:1\nE\nFROM b:1',
    ['2:6 a:1', '7:6 b:1'],
  ],
  ['none in quotes', 'FROM a:1\nRUN echo "<<STOP"\nFROM b:1\nSTOP', ['1:6 a:1', '3:6 b:1']],
  ['none behind a word', 'FROM a:1\nRUN echo a<<STOP\nFROM b:1', ['1:6 a:1', '3:6 b:1']],
  ['none with three', 'FROM a:1\nRUN cat <<<EOF\nFROM b:1', ['1:6 a:1', '3:6 b:1']],
  ['none with a quote that is open', "FROM a:1\nRUN echo it's <<EOF\nFROM b:1", ['1:6 a:1', '3:6 b:1']],
  ['none in a list', 'FROM a:1\nRUN ["cat", "<<EOF"]\nFROM b:1', ['1:6 a:1', '3:6 b:1']],
  [
    'one behind what only begins like a list',
    'FROM a:1\nRUN [ -f x ] <<EOF\nFROM x:1\nEOF\nFROM b:1',
    ['1:6 a:1', '5:6 b:1'],
  ],
  ['none in other instructions', 'FROM a:1\nLABEL a="<<EOF"\nENV A <<EOF\nFROM b:1', ['1:6 a:1', '4:6 b:1']],
  ['none with an arithmetic shift', 'FROM a:1\nRUN echo $((1<<2))\nFROM b:1', ['1:6 a:1', '3:6 b:1']],
];

const LINES: readonly (readonly [string, string, readonly string[]])[] = [
  ['blanks behind the escape', 'FROM \\  \t\n a:1', ['2:2 a:1']],
  ['two escapes do not go on', 'FROM a:1\nRUN a \\\\\nFROM b:1', ['1:6 a:1', '3:6 b:1']],
  ['comments that end with an escape', 'FROM a:1\n# x \\\nFROM b:1', ['1:6 a:1', '3:6 b:1']],
  ['an escape alone', 'FROM a:1\nRUN x \\\n\\\n\\\n y\nFROM b:1', ['1:6 a:1', '6:6 b:1']],
  ['the other escape is none', '# escape=`\nFROM a:1\nRUN dir \\\nFROM b:1', ['2:6 a:1', '4:6 b:1']],
  ['directives in any order and case', '# Check=skip=all\n#ESCAPE = `\nFROM `\n a:1', ['4:2 a:1']],
  ['no directive behind an unknown one', '# hello=1\n# escape=`\nFROM \\\n a:1', ['4:2 a:1']],
  ['no directive behind an empty line', '\n# escape=`\nFROM \\\n a:1', ['4:2 a:1']],
  ['indented instructions', '  FROM a:1\n\tFrom b:1 AS x\n  COPY --from=x / /', ['1:8 a:1', '2:7 b:1']],
  ['tabs and form feeds between words', 'FROM\t\fa:1\t AS\tx\nFROM x', ['1:7 a:1']],
];

const FRONTENDS: readonly (readonly [string, string, readonly string[]])[] = [
  ['the image of the frontend', '# syntax=docker/dockerfile:1\nFROM a:1', ['1:10 docker/dockerfile:1', '2:6 a:1']],
  [
    'without blanks, after others',
    '#check=skip=all\n#SYNTAX=docker/dockerfile:1 x\nFROM a:1',
    ['2:9 docker/dockerfile:1', '3:6 a:1'],
  ],
  ['behind the line for the kernel', '#!/usr/bin/env x\n# syntax=d/d:1\nFROM a:1', ['2:10 d/d:1', '3:6 a:1']],
  ['none that is indented', ' # syntax=d/d:1\nFROM a:1', ['2:6 a:1']],
  ['none behind a comment', '# hello\n# syntax=d/d:1\nFROM a:1', ['3:6 a:1']],
  ['none behind an instruction', 'FROM a:1\n# syntax=d/d:1', ['1:6 a:1']],
];

const SOURCES: readonly (readonly [string, string, readonly string[]])[] = [
  ['COPY under ONBUILD', 'FROM a:1\nONBUILD COPY --from=b:1 / /', ['1:6 a:1', '2:21 b:1']],
  ['RUN under ONBUILD', 'FROM a:1\nonbuild run --mount=type=bind,from=b:1,target=/x ls', ['1:6 a:1', '2:36 b:1']],
  ['quotes around a flag', 'FROM a:1\nCOPY "--from=x:1" / /\nCOPY --from="b:1" / /', ['1:6 a:1', '3:14 b:1']],
  ['quotes around an option', 'FROM a:1\nRUN --mount=type=bind,"from=b:1",target=/x ls', ['1:6 a:1', '2:29 b:1']],
  ['quotes for CSV', `FROM a:1\nRUN --mount='type=bind,"from=b:1",target=/x' ls`, ['1:6 a:1', '2:30 b:1']],
  ['keys of options in any case', 'FROM a:1\nRUN --mount=From=b:1,target=/x ls', ['1:6 a:1', '2:18 b:1']],
  ['of two options the last', 'FROM a:1\nRUN --mount=from=b:1,from=c:1,target=/x ls', ['1:6 a:1', '2:27 c:1']],
  [
    'no flag in another case',
    'FROM a:1\nCOPY --chown=1 --chmod=1 x y\nRUN --mount=target=/x,source=from=b:1 ls',
    ['1:6 a:1'],
  ],
  ['no flag behind two hyphens', 'FROM a:1\nRUN -- --mount=from=b:1 ls', ['1:6 a:1']],
  [
    'stages by number and in any case',
    'FROM a:1 AS One\nFROM b:1\nCOPY --from=0 / /\nCOPY --from=ONE / /\nRUN --mount=from=oNe,target=/x ls',
    ['1:6 a:1', '2:6 b:1'],
  ],
  ['no stage that was one word before', 'FROM a:1 AS b\nFROM b:1\nFROM b', ['1:6 a:1', '2:6 b:1']],
  ['scratch', 'FROM scratch\nFROM a:1\nCOPY --from=scratch / /\nRUN --mount=from=scratch,target=/x ls', ['2:6 a:1']],
  [
    'a number in a mount, which is not a stage',
    'FROM a:1\nRUN --mount=from=0,target=/x ls',
    ['1:6 a:1', '2:18 0 none'],
  ],
];

const VARIABLES: readonly (readonly [string, string, readonly string[]])[] = [
  ['quotes in a default', 'FROM ${X:-"a:1"}', ['1:6 a:1']],
  ['quotes around all', 'ARG V=1\nFROM "a:${V}"', ['1:7 a:1']],
  ['no variable in single quotes', `FROM 'a:1'`, ['1:6 a:1']],
  ['an ARG without a default after one with it', 'ARG A=a:1\nARG A\nFROM $A', ['1:7 a:1']],
  ['the last default', 'ARG A=a:1\nARG A=b:1\nFROM $A', ['2:7 b:1']],
  ['the shortest end', 'ARG V=1.27.3\nFROM a:${V%.*}', ['2:6 a:1.27']],
  ['the longest end', 'ARG V=1.27.3\nFROM a:${V%%.*}', ['2:6 a:1']],
  ['the shortest start', 'ARG V=x-y-1\nFROM a:${V#*-}', ['1:9 a:y-1']],
  ['the longest start', 'ARG V=x-y-1\nFROM a:${V##*-}', ['1:11 a:1']],
  ['a start that is written', 'ARG V=v1.27\nFROM a:${V#v}', ['1:8 a:1.27']],
  ['one replaced', 'ARG V=1_2_3\nFROM a:${V/_/.}', ['2:6 a:1.2_3']],
  ['all replaced', 'ARG V=1_2_3\nFROM a:${V//_/.}', ['2:6 a:1.2.3']],
  ['an alternative', 'ARG V=1\nFROM ${V:+a:1}', ['2:6 a:1']],
  ['no alternative', 'ARG V=\nFROM ${V:+a:1}b:1', ['2:6 b:1']],
  ['empty is set without a colon', 'ARG V=\nFROM b:1${V-x}', ['2:6 b:1']],
  ['what must be given', 'FROM ${V:?}', ['1:6 ${V:?} problem']],
  ['what must be given, and is', 'ARG V=a:1\nFROM ${V:?no}', ['1:7 a:1']],
  ['an undeclared ARG is empty', 'FROM a:1$B', ['1:6 a:1']],
  ['what BuildKit declares is known to it alone', 'FROM a:1-$TARGETARCH', ['1:6 a:1-$TARGETARCH problem']],
  [
    'the stage of a platform',
    'FROM a:1 AS base-amd64\nFROM base-$TARGETARCH\nFROM x-${TARGETARCH}',
    ['1:6 a:1', '3:6 x-${TARGETARCH} problem'],
  ],
  ['what BuildKit declares, and the file sets', 'ARG TARGETARCH=x\nFROM a:1-$TARGETARCH', ['2:6 a:1-x']],
  ['an operator that BuildKit does not know', 'ARG V=A\nFROM a:${V,,}', ['2:6 a:${V,,} problem']],
  ['a default within a default', 'ARG B=b:1\nFROM ${A:-${B}}', ['1:7 b:1']],
  ['an escaped sign', 'ARG V=1\nFROM a:1\\$V', ['2:6 a:1$V problem']],
  ['an ARG of the stage before', 'FROM a:1\nARG V=b:1\nFROM c:1$V', ['1:6 a:1', '3:6 c:1']],
  ['several in one line, the first in the second', 'ARG R=r.io I="$R/a:1"\nFROM $I', ['1:17 r.io/a:1']],
];

export const DOCKERFILE_CASES: readonly DockerfileCase[] = Object.entries({
  'here-documents': HERE,
  lines: LINES,
  frontends: FRONTENDS,
  sources: SOURCES,
  variables: VARIABLES,
}).flatMap(([group, cases]) => cases.map(([what, text, found]) => ({ what: `${group}: ${what}`, text, found })));

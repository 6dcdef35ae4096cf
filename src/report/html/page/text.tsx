/** Text from the report, as text nodes. Invisible characters, and those that reverse the direction of the text, are spelled out. */
import type { ComponentChildren } from 'preact';
import { INVISIBLE } from '../../../image/quote.ts';
import type { Part } from '../report-data.ts';

const EACH = new RegExp(`(${INVISIBLE.source})`, 'u');

export function Text({ value }: { readonly value: string }): ComponentChildren {
  if (!INVISIBLE.test(value)) return value;
  return value.split(EACH).map((part, index) => (index % 2 === 0 ? part : <Code key={index} character={part} />));
}

function Code({ character }: { readonly character: string }): ComponentChildren {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return <span class="ctl">{`U+${code}`}</span>;
}

/** For attributes, which have no elements. */
export function plain(value: string): string {
  if (!INVISIBLE.test(value)) return value;
  return value
    .split(EACH)
    .map((part, index) => (index % 2 === 0 ? part : `U+${(part.codePointAt(0) ?? 0).toString(16).toUpperCase()}`))
    .join('');
}

export function Sentence({ parts }: { readonly parts: readonly Part[] }): ComponentChildren {
  return parts.map(([text, as], index) => {
    if (as === 'code')
      return (
        <code key={index}>
          <Text value={text} />
        </code>
      );
    if (as === 'bad')
      return (
        <b key={index}>
          <Text value={text} />
        </b>
      );
    return <Text key={index} value={text} />;
  });
}

/** A message, with what it quotes as code. */
export function Message({ text }: { readonly text: string }): ComponentChildren {
  return text.split(/("(?:[^"\\]|\\.)*")/).map((part, index) =>
    index % 2 === 0 ? (
      <Text key={index} value={part} />
    ) : (
      <code key={index}>
        <Text value={part.slice(1, -1)} />
      </code>
    ),
  );
}

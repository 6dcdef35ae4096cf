/** The lines that lead to a value, with the value marked. */
import type { ComponentChildren } from 'preact';
import type { Excerpt } from '../report-data.ts';
import { Text } from './text.tsx';
import type { Tone } from './words.ts';

interface Props {
  readonly excerpt: Excerpt;
  readonly tone: Tone;
}

export function ExcerptView({ excerpt, tone }: Props): ComponentChildren {
  const { lines, marked, from, to } = excerpt;
  const label = `Excerpt, with the value in line ${lines[marked]?.[0] ?? ''}`;
  return (
    <pre class={`ex ${tone}`} tabIndex={0} role="group" aria-label={label}>
      {lines.map(([number, text], index) => {
        const before = lines[index - 1]?.[0];
        const isGap = before !== undefined && before + 1 < number;
        return (
          <span key={number} class={`ln${index === marked ? ' hit' : ''}${isGap ? ' gap' : ''}`} data-n={number}>
            {index === marked ? <Marked text={text} from={from} to={to} /> : <Text value={text} />}
            {'\n'}
          </span>
        );
      })}
    </pre>
  );
}

interface MarkedProps {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

function Marked({ text, from, to }: MarkedProps): ComponentChildren {
  return (
    <>
      <Text value={text.slice(0, from)} />
      <mark>
        <Text value={text.slice(from, to)} />
      </mark>
      <Text value={text.slice(to)} />
    </>
  );
}

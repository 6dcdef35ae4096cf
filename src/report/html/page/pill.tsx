/** A decision as a word with a shape, because color alone tells some readers nothing. */
import type { ComponentChildren } from 'preact';
import type { Decision } from '../report-data.ts';
import { Icon } from './icons.tsx';
import type { Item } from './model.ts';
import { DECISIONS } from './words.ts';

export function Pill({ decision }: { readonly decision: Decision }): ComponentChildren {
  const { word, tone } = DECISIONS[decision];
  return (
    <span class={`pill ${tone}`}>
      <Icon name={tone} />
      {word}
    </span>
  );
}

/** The decision now, after the one before if it differs. */
export function Step({ item: { finding } }: { readonly item: Item }): ComponentChildren {
  const { before, after } = finding;
  if (before === null || before === after) return <Pill decision={after} />;
  return (
    <span class="step">
      <span class="was">{DECISIONS[before].word}</span>
      <Icon name="arrow" size={12} />
      <Pill decision={after} />
    </span>
  );
}

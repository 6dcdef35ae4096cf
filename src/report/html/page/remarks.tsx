/** Inputs that could not be evaluated, which must not be overlooked, and notices. */
import type { ComponentChildren } from 'preact';
import type { Remark } from '../report-data.ts';
import { Icon } from './icons.tsx';
import { Text } from './text.tsx';

interface Props {
  readonly title: string;
  readonly remarks: readonly Remark[];
  readonly isError?: boolean;
}

/** The page has no more of them, so that it stays usable. */
const MAX_REMARKS = 500;
const FEW = 5;

export function Remarks({ title, remarks, isError = false }: Props): ComponentChildren {
  if (remarks.length === 0) return null;
  const rest = remarks.length - MAX_REMARKS;
  return (
    <details class={`card remarks${isError ? ' bad' : ''}`} open={isError && remarks.length <= FEW}>
      <summary>
        {isError && <Icon name="deny" size={16} />}
        <h2>{title}</h2>
        <Icon name="chevron" size={12} />
      </summary>
      <ul>
        {remarks.slice(0, MAX_REMARKS).map(({ place, message }, index) => (
          <li key={index}>
            {place !== null && (
              <code>
                <Text value={place} />
              </code>
            )}
            <span>
              <Text value={message} />
            </span>
          </li>
        ))}
        {rest > 0 && <li>{rest} more are not listed; use -o json</li>}
      </ul>
    </details>
  );
}

/** How the decisions agree with those of other admission policies, and which policy and rule belong together. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { AgreementTable } from '../report-data.ts';
import { Text } from './text.tsx';
import { number } from './words.ts';

interface Props {
  readonly agreement: AgreementTable | null;
  readonly isPrinting: boolean;
}

const FEW = 8;

export function Agreement({ agreement, isPrinting }: Props): ComponentChildren {
  const [isWide, setWide] = useState(false);
  if (agreement === null) return null;
  const { counts, pairs } = agreement;
  const shown = isWide || isPrinting ? pairs : pairs.slice(0, FEW);
  return (
    <section class="card agree" aria-labelledby="h-agree">
      <h2 id="h-agree">Compared with other policies</h2>
      <dl>
        {counts.map(([count, title]) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd class="num">{number(count)}</dd>
          </div>
        ))}
      </dl>
      {pairs.length > 0 && <Pairs pairs={shown} />}
      {pairs.length > FEW && !isPrinting && (
        <button type="button" class="more" aria-expanded={isWide} onClick={() => setWide(!isWide)}>
          {isWide ? 'show fewer' : `${number(pairs.length - FEW)} more`}
        </button>
      )}
    </section>
  );
}

function Pairs({ pairs }: Pick<AgreementTable, 'pairs'>): ComponentChildren {
  return (
    <table>
      <caption class="sr">Who denies the same reviews</caption>
      <thead>
        <tr>
          <th scope="col">Other policy</th>
          <th scope="col">Rule of these policies</th>
          <th scope="col" class="num">
            Reviews
          </th>
        </tr>
      </thead>
      <tbody>
        {pairs.map(({ peer, rule, reviews }) => (
          <tr key={`${peer} ${rule}`}>
            <td>
              <Denier name={peer} />
            </td>
            <td>
              <Denier name={rule} />
            </td>
            <td class="num">{number(reviews)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Denier({ name }: { readonly name: string | null }): ComponentChildren {
  return name === null ? <i class="soft">allowed</i> : <Text value={name} />;
}

/** A row of the table: a finding, or the name of a group. */
import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { imageParts, shortMessage } from './image-text.ts';
import { Icon } from './icons.tsx';
import type { Item } from './model.ts';
import { Step } from './pill.tsx';
import type { Period } from './periods.ts';
import type { Group } from './rows.ts';
import { SourceLink } from './source-link.tsx';
import { Spark } from './spark.tsx';
import { plain, Text } from './text.tsx';
import { amount, type Column, number } from './words.ts';

export interface RowProps {
  readonly item: Item;
  /** Of the table, from 1. */
  readonly position: number;
  readonly isOpen: boolean;
  readonly isCurrent: boolean;
  readonly columns: readonly Column[];
  /** How often it occurred. */
  readonly times: number;
  readonly periods: readonly Period[];
  readonly linkBase: string | null;
  /** The functions are the same each time. */
  readonly onToggle: (finding: number) => void;
  readonly onFocus: (finding: number) => void;
}

export function FindingRow(props: RowProps): ComponentChildren {
  const { item, position, isOpen, isCurrent, columns, times, onToggle } = props;
  const toggle = (): void => {
    // Selecting text in a row does not open it.
    if (String(getSelection()) === '') onToggle(item.index);
  };
  // While the table scrolls, the rows stay as they are.
  return useMemo(
    () => (
      <div
        role="row"
        class={`row tr${isOpen ? ' open' : ''}${isCurrent ? ' here' : ''}`}
        aria-rowindex={position}
        onClick={toggle}
      >
        {columns.map(({ key }) => (
          <div key={key} role="cell" class={`td c-${key}`}>
            {CELLS[key]?.(item, props)}
          </div>
        ))}
      </div>
    ),
    [item, position, isOpen, isCurrent, columns, times, onToggle],
  );
}

type Cell = (item: Item, props: RowProps) => ComponentChildren;

const CELLS: Readonly<Record<string, Cell>> = {
  decision: (item) => <Step item={item} />,
  what: (item, { isOpen, onFocus }) => (
    <>
      <button
        type="button"
        class="main"
        aria-expanded={isOpen}
        aria-controls={isOpen ? detailId(item) : undefined}
        data-finding={item.index}
        onFocus={() => onFocus(item.index)}
      >
        <span class="l1">
          <Text value={shortMessage(item.finding.message, item.finding.image)} />
        </span>
        <ImageLine item={item} />
      </button>
      {item.finding.remedy !== null && (
        <p class="print-fix soft">
          <Text value={item.finding.remedy} />
        </p>
      )}
    </>
  ),
  workload: ({ review: { name, namespace, kind } }) => (
    <>
      <span class="l1">
        <Text value={name} />
      </span>
      <span class="l2">
        <Text value={`${namespace === null ? '' : `${namespace} · `}${kind}`} />
      </span>
    </>
  ),
  rule: ({ finding: { rule, policy } }) => (
    <>
      <span class="l1 thin">
        <Text value={rule} />
      </span>
      <span class="l2">
        <Text value={policy} />
      </span>
    </>
  ),
  owner: ({ review: { owner } }) =>
    owner === null ? (
      <em class="l1 thin soft">no owner</em>
    ) : (
      <span class="l1 thin">
        <Text value={owner} />
      </span>
    ),
  times: ({ review }, { times, periods }) => (
    <>
      <span class="l1 num" aria-label={amount(times, 'time')}>
        {number(times)}×
      </span>
      {periods.length > 1 && <Spark times={review.times} periods={periods} />}
    </>
  ),
  where: ({ finding: { file, line } }, { linkBase }) => <Place file={file} line={line} base={linkBase} />,
};

export function detailId({ index }: Item): string {
  return `detail-${index}`;
}

interface PlaceProps {
  readonly file: string | null;
  readonly line: number | null;
  readonly base: string | null;
}

function Place({ file, line, base }: PlaceProps): ComponentChildren {
  if (file === null) return null;
  const cut = file.lastIndexOf('/') + 1;
  return (
    <>
      <span class="l1 mono thin" title={plain(file)}>
        <SourceLink base={base} file={file} line={line}>
          <Text value={file.slice(cut)} />
          {line === null ? '' : `:${line}`}
        </SourceLink>
      </span>
      <span class="l2">
        <Text value={file.slice(0, cut)} />
      </span>
    </>
  );
}

function ImageLine({ item: { finding } }: { readonly item: Item }): ComponentChildren {
  const { image, registry, container } = finding;
  if (image === null && container === null) return null;
  const parts = imageParts(image ?? '', registry);
  return (
    <span class="l2 img" title={plain(image ?? '')}>
      {container !== null && (
        <span class="c">
          <Text value={container} />
        </span>
      )}
      {parts.registry !== '' && (
        <span class="host">
          <Text value={parts.registry} />
        </span>
      )}
      <span class="path">
        <Text value={parts.path} />
      </span>
      {(parts.tag !== '' || parts.digest !== '') && (
        <span class="tag">
          <Text value={parts.tag + parts.digest} />
        </span>
      )}
    </span>
  );
}

interface GroupProps {
  readonly group: Group;
  readonly name: readonly [name: string, note: string];
  readonly position: number;
  readonly columns: number;
  readonly isOpen: boolean;
  readonly denialWord: string;
  readonly weighs: boolean;
  readonly onToggle: () => void;
}

export function GroupRow(props: GroupProps): ComponentChildren {
  const { group, position, columns, isOpen, denialWord, weighs, onToggle } = props;
  const [name, note] = props.name;
  const { count, denied } = group;
  return (
    <div role="row" class="group" aria-rowindex={position}>
      <div role="cell" aria-colspan={columns} class="td">
        <button type="button" aria-expanded={isOpen} onClick={onToggle}>
          <Icon name="chevron" size={12} />
          <span class="g">
            <Text value={name} />
            <span class="soft thin">
              <Text value={note} />
            </span>
          </span>
          <span class="n num">
            {denied > 0 && <b class="minus">{`${number(denied)} ${denialWord}`}</b>}
            {denied > 0 && denied < count && ', '}
            {denied < count && amount(count, weighs ? 'review' : 'finding')}
          </span>
        </button>
      </div>
    </div>
  );
}

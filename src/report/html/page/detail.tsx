/** An open finding: the message, the fix, the excerpt, what changed, and where it runs. */
import type { ComponentChildren } from 'preact';
import { bindingKey, type ReportOrigin, type RuleText } from '../report-data.ts';
import type { Actions } from './actions.ts';
import { ExcerptView } from './excerpt-view.tsx';
import { Icon } from './icons.tsx';
import type { Item } from './model.ts';
import { timeText } from './periods.ts';
import { Picture } from './picture.tsx';
import { Pill } from './pill.tsx';
import { detailId } from './row.tsx';
import { SourceLink } from './source-link.tsx';
import { Message, Text } from './text.tsx';
import { amount, DECISIONS } from './words.ts';

interface Props {
  readonly item: Item;
  readonly rule: RuleText | undefined;
  readonly origin: ReportOrigin;
  readonly columns: number;
  /** Before are other admission policies. */
  readonly hasPeers: boolean;
  readonly actions: Actions;
}

export function Detail({ item, rule, origin, columns, hasPeers, actions }: Props): ComponentChildren {
  return (
    <div role="row" class="detail" id={detailId(item)}>
      <div role="cell" aria-colspan={columns}>
        <div class="in">
          <div class="cols">
            <div>
              <Words item={item} rule={rule} />
              <Excerpted item={item} base={origin.linkBase} />
            </div>
            <div>
              <Compared item={item} hasPeers={hasPeers} />
              <Facts item={item} rule={rule} origin={origin} />
              <Copies item={item} actions={actions} />
            </div>
          </div>
          <Picture item={item} />
        </div>
      </div>
    </div>
  );
}

function sentenceOf({ finding: { container, message } }: Item): string {
  return container === null ? message : `container "${container}": ${message}`;
}

function Words({ item, rule }: Pick<Props, 'item' | 'rule'>): ComponentChildren {
  const { remedy, exception } = item.finding;
  const fix = exception ?? remedy;
  return (
    <section>
      <p class="say">
        <Message text={sentenceOf(item)} />
      </p>
      {fix !== null && (
        <p class="fix">
          <Icon name={exception === null ? 'ok' : 'calm'} size={16} />
          <span>
            <Text value={fix} />
          </span>
        </p>
      )}
      {rule !== undefined && <p class="why">{rule.why ?? rule.description}</p>}
    </section>
  );
}

function Excerpted({ item, base }: { readonly item: Item; readonly base: string | null }): ComponentChildren {
  const { review, finding } = item;
  const { excerpt, file, line, column, pointer, after } = finding;
  const place = file === null ? '' : `${file}${line === null ? '' : `:${line}`}${column === null ? '' : `:${column}`}`;
  return (
    <section>
      <h3>
        <Text
          value={review.operation === null ? 'In the file' : `Review: ${review.operation} ${review.object ?? ''}`}
        />
      </h3>
      {excerpt !== null && <ExcerptView excerpt={excerpt} tone={DECISIONS[after].tone} />}
      <p class="cap mono">
        {file !== null && (
          <span>
            <SourceLink base={base} file={file} line={line}>
              <Text value={place} />
            </SourceLink>
          </span>
        )}
        {pointer !== null && (
          <span>
            <Text value={pointer === '' ? '/' : pointer} />
          </span>
        )}
      </p>
    </section>
  );
}

function Compared({ item: { finding }, hasPeers }: Pick<Props, 'item' | 'hasPeers'>): ComponentChildren {
  const { before, after } = finding;
  if (before === null)
    return (
      <section>
        <h3>Decision</h3>
        <Pill decision={after} />
      </section>
    );
  return (
    <section>
      <h3>This finding</h3>
      <div class="ba">
        <div>
          <small>{hasPeers ? 'others' : 'before'}</small>
          <Pill decision={before} />
        </div>
        <Icon name="arrow" />
        <div>
          <small>{hasPeers ? 'these' : 'after'}</small>
          <Pill decision={after} />
        </div>
      </div>
    </section>
  );
}

function Facts({ item, rule, origin }: Pick<Props, 'item' | 'rule' | 'origin'>): ComponentChildren {
  const facts = factsOf(item, rule, origin);
  return (
    <section>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <Text value={value} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function factsOf(
  { finding, review }: Item,
  rule: RuleText | undefined,
  { policyPlaces }: ReportOrigin,
): readonly (readonly [string, string])[] {
  const { policy, containerKind, container, outcome } = finding;
  const { namespace, name, kind, apiVersion, owner, user, before, after } = review;
  const facts: (readonly [string, string | null])[] = [
    ['Whole review', before === null ? null : `${DECISIONS[before].word} → ${DECISIONS[after].word}`],
    [
      'Object',
      `${kind} ${namespace === null ? '' : `${namespace}/`}${name}${apiVersion === '' ? '' : ` (${apiVersion})`}`,
    ],
    ['Container', container === null ? null : `${container}${containerKind === null ? '' : ` (${containerKind})`}`],
    ['Policy', policy],
    ['In', policyPlaces[bindingKey(policy, finding.rule)] ?? null],
    ['Rule', finding.rule],
    ['Checks', rule?.description ?? null],
    ['Outcome', outcome === 'violation' ? null : outcome],
    ['Owner', owner],
    ['Sent by', user],
    ['Seen', seenText(review)],
  ];
  return facts.flatMap(([key, value]) => (value === null || value === '' ? [] : [[key, value] as const]));
}

function seenText({ count, first, last }: Item['review']): string | null {
  if (first === null) return count > 1 ? amount(count, 'time') : null;
  if (count === 1 || last === null) return `${timeText(first)} UTC`;
  return `${amount(count, 'time')}, first ${timeText(first)}, last ${timeText(last)} UTC`;
}

function Copies({ item, actions }: Pick<Props, 'item' | 'actions'>): ComponentChildren {
  const { finding, review } = item;
  const message = [
    `${review.kind} ${review.namespace === null ? '' : `${review.namespace}/`}${review.name}: ${sentenceOf(item)} [${finding.policy}/${finding.rule}]`,
    ...(finding.remedy === null ? [] : [`  ${finding.remedy}`]),
  ].join('\n');
  return (
    <div class="acts">
      <button type="button" class="btn" onClick={() => actions.copy(actions.linkTo(item.index), 'Link copied')}>
        <Icon name="link" />
        Copy link
      </button>
      <button type="button" class="btn" onClick={() => actions.copy(message, 'Message copied')}>
        <Icon name="copy" />
        Copy message
      </button>
    </div>
  );
}

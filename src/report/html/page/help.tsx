/** The dialog with the keys and the language of the search. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface Props {
  readonly isOpen: boolean;
  readonly hasKeys: boolean;
  readonly onKeys: (hasKeys: boolean) => void;
  readonly onClose: () => void;
}

const KEYS: readonly (readonly [keys: readonly string[], meaning: string])[] = [
  [['j', 'k'], 'next, previous finding'],
  [['Enter', 'o'], 'open or close it'],
  [['/'], 'search: words, "in quotes", rule:x, -namespace:y'],
  [['Esc'], 'close the finding, clear the search'],
  [['t', 'p'], 'light or dark, print'],
  [['?'], 'this list'],
];

export function Help({ isOpen, hasKeys, onKeys, onClose }: Props): ComponentChildren {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
  }, [isOpen]);
  return (
    <dialog ref={dialog} aria-labelledby="h-help" onClose={onClose}>
      <h2 id="h-help">Keyboard and search</h2>
      <dl>
        {KEYS.map(([keys, meaning]) => (
          <div key={meaning}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <label>
        <input type="checkbox" checked={hasKeys} onChange={({ currentTarget: { checked } }) => onKeys(checked)} />
        <span>
          Single-key shortcuts
          <span class="soft">Turn them off where speech input or a screen reader types letters.</span>
        </span>
      </label>
      <button type="button" class="btn" onClick={() => dialog.current?.close()}>
        Close
      </button>
    </dialog>
  );
}

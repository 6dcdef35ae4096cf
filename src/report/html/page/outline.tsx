/** The picture as a list: for phones and screen readers. */
import type { ComponentChildren } from 'preact';
import type { ContainerPicture, PodPicture } from '../report-data.ts';
import type { Item } from './model.ts';
import { Text } from './text.tsx';
import { containerNote, credentialTexts, ownContainer, registryText, type Way } from './way.ts';

interface Props {
  readonly item: Item;
  readonly pod: PodPicture;
  readonly place: Way['place'];
}

export function Outline({ item, pod, place }: Props): ComponentChildren {
  const own = ownContainer(item, pod);
  return (
    <ul class="outline">
      <Entry kind="Node" text={pod.node ?? 'any node'}>
        <Entry kind="Pod" text={item.review.name} isFaulty={place === 'pod'}>
          {pod.containers.map((container, index) => (
            <Container key={index} container={container} faulty={container === own ? place : undefined} />
          ))}
        </Entry>
      </Entry>
    </ul>
  );
}

interface ContainerProps {
  readonly container: ContainerPicture;
  readonly faulty: Way['place'] | undefined;
}

function Container({ container, faulty }: ContainerProps): ComponentChildren {
  const credential = credentialTexts(container.credential).join(', ');
  return (
    <Entry kind={containerNote(container)} text={container.name} isFaulty={faulty === 'container'}>
      <Entry kind="image" text={container.image} isFaulty={faulty === 'image'}>
        <Entry kind="registry" text={registryText(container)} isFaulty={faulty === 'registry'}>
          <Entry kind="credential" text={credential} isFaulty={faulty === 'credential'} />
        </Entry>
      </Entry>
    </Entry>
  );
}

interface EntryProps {
  readonly kind: string;
  readonly text: string;
  readonly isFaulty?: boolean;
  readonly children?: ComponentChildren;
}

function Entry({ kind, text, isFaulty = false, children }: EntryProps): ComponentChildren {
  return (
    <li>
      <span class="k">{kind} </span>
      <span class={isFaulty ? 'bad' : ''}>
        <Text value={text} />
        {isFaulty && <span class="sr"> (this finding)</span>}
      </span>
      {children !== undefined && <ul>{children}</ul>}
    </li>
  );
}

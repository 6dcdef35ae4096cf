/** What container-ports is mostly asked about, known at a look. */
import type { Pod, Port } from '../../pod/containers.ts';
import { isPortName } from './port-names.ts';

/** So few are sooner compared with one another than put into a Set. */
const FEW = 8;

/** A handful of ports, all different, none on the node, with names that are some: nobody can have anything against them. */
export function arePlain({ containers }: Pod, namesRequired: boolean): boolean {
  const taken: number[] = [];
  for (const { ports } of containers) {
    for (const port of ports) {
      if (port.hostPort !== undefined || taken.length === FEW || taken.includes(port.containerPort)) return false;
      taken.push(port.containerPort);
    }
    if (!arePlainlyNamed(ports, namesRequired)) return false;
  }
  return true;
}

/** Loops, since a function for each port costs more than all else here. */
function arePlainlyNamed(ports: readonly Port[], required: boolean): boolean {
  for (const port of ports) {
    const { name } = port;
    if (name === undefined ? required : !isPortName(name)) return false;
    if (ports.length === 1 || name === undefined) continue;
    for (const other of ports) if (other !== port && other.name === name) return false;
  }
  return true;
}

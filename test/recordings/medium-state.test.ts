/** The medium's states and what is told of them, without any medium. */
import { expect, test } from 'vitest';
import { createMediumState, isThere, type MediumState } from '../../daemon/recordings/medium-state.ts';

const WELL = { writable: true, why: '' };
const FULL = { writable: false, why: 'full' };
const STICK = { device: '8:1', place: '60 8:1 1', demanded: true };
const NOWHERE = { device: '', demanded: true };

function machine() {
  const told: MediumState[] = [];
  let clock = 0;
  const medium = createMediumState(
    () => ++clock,
    3_000,
    false,
    (state) => told.push(state),
  );
  return { medium, told: () => told.splice(0).map(({ state, why, writable }) => [state, why, writable]) };
}

test('absent, mounted, slow, dead, absent: each told once, and what only says it in other words is not', () => {
  const { medium, told } = machine();
  expect(medium.state()).toMatchObject({ state: 'absent', writable: false });
  medium.lost('absent', 'no such folder', NOWHERE);
  medium.lost('absent', 'nothing is mounted', NOWHERE);
  expect(told()).toEqual([['absent', 'no such folder', false]]);
  expect(medium.state().why).toBe('nothing is mounted');
  for (let sweep = 0; sweep < 3; sweep += 1) medium.found(STICK, 1, WELL);
  expect(told()).toEqual([['mounted', '', true]]);
  expect(medium.state()).toMatchObject({ device: '8:1', medium: 1, demanded: true });
  const over = medium.late();
  medium.late();
  expect(told()).toEqual([['slow', 'something has taken over 3 s', true]]);
  expect(isThere(medium.state())).toBe(true);
  over();
  medium.lost('dead', 'it did not answer', STICK);
  medium.silent('two threads hang');
  expect(told()).toEqual([['dead', 'it did not answer', false]]);
  expect(isThere(medium.state())).toBe(false);
  medium.lost('absent', 'nothing is mounted', NOWHERE);
  expect(told()).toEqual([['absent', 'nothing is mounted', false]]);
  expect(medium.state().device).toBeUndefined();
});

test('a slow one is well again when a whole sweep went by with nothing late', () => {
  const { medium, told } = machine();
  medium.found(STICK, 1, WELL);
  medium.sweepBegan();
  const over = medium.late();
  medium.sweepDone(); // it was late in this very sweep
  medium.sweepBegan();
  medium.found(STICK, 1, WELL);
  medium.sweepDone(); // and still is
  over();
  over();
  expect(told().map(([state]) => state)).toEqual(['mounted', 'slow']);
  medium.sweepBegan();
  medium.found(STICK, 1, WELL);
  expect(medium.state().state).toBe('slow');
  medium.sweepDone();
  expect(told()).toEqual([['mounted', '', true]]);
});

test('what is late while there is no medium makes none slow', () => {
  const { medium, told } = machine();
  const over = medium.late();
  medium.lost('dead', 'it did not answer', NOWHERE);
  over();
  medium.found(STICK, 1, WELL);
  expect(told().map(([state]) => state)).toEqual(['dead', 'mounted']);
});

test('whether recordings can be written is told, why, and kept while it is slow', () => {
  const { medium, told } = machine();
  medium.found(STICK, 1, WELL);
  medium.found(STICK, 1, FULL);
  medium.late();
  expect(medium.state()).toMatchObject({ state: 'slow', writable: false });
  medium.found(STICK, 1, WELL);
  expect(told()).toEqual([
    ['mounted', '', true],
    ['mounted', 'full', false],
    ['slow', 'something has taken over 3 s', false],
    ['slow', 'something has taken over 3 s', true],
  ]);
});

test('another stick in place between two looks is told, though the state is the same', () => {
  const { medium, told } = machine();
  medium.found(STICK, 1, WELL);
  medium.found(STICK, 2, WELL);
  expect(told()).toHaveLength(2);
});

test('whether a medium of its own is demanded is what the last look said, also while nothing answers', () => {
  const { medium, told } = machine();
  medium.silent('it did not answer');
  expect(medium.state()).not.toHaveProperty('demanded');
  medium.lost('absent', 'nothing is mounted', NOWHERE);
  expect(medium.state().demanded).toBe(true);
  medium.silent('it did not answer');
  expect(medium.state()).toMatchObject({ state: 'dead', demanded: true });
  expect(told()).toHaveLength(3);
});

test('where it is is known while it is there, and anew when it has been mounted again, which is no change', () => {
  const { medium, told } = machine();
  medium.found(STICK, 1, WELL);
  medium.late();
  expect(medium.state().place).toBe('60 8:1 1');
  medium.found({ ...STICK, place: '61 8:1 1' }, 1, WELL);
  expect(medium.state().place).toBe('61 8:1 1');
  expect(told()).toHaveLength(2);
  medium.lost('dead', 'pulled out', STICK);
  expect(medium.state()).not.toHaveProperty('place');
});

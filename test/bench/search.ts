/** Calls of a number or a part of one, among a million: the newest hundred and how many there are. */
import { command, compare } from './measure.ts';
import { compared, type Row } from './row.ts';
import { ALWAYS, ask, NEWEST, onCopy, onStage, plainRows, REPORT, ROUNDS, rowsOf, SHOWN, type Stage } from './stage.ts';

export const searchRows = (): Promise<Row[]> =>
  onCopy((store, place) =>
    onStage(store, place, [(stage) => search(stage, '*12345*', 0.2), (stage) => search(stage, '*12*', 3)]),
  );

/** The newest hundred and how many there are: what a page of the report shows. @param most Times the scan's time at most. */
async function search(stage: Stage, pattern: string, most: number): Promise<Row[]> {
  const matching = `src GLOB '${pattern}'`;
  const figures = await compare(
    ROUNDS.short,
    ask(stage, `9006?${ALWAYS}&src=${pattern}&limit=100`),
    command(
      'sqlite3',
      '-json',
      stage.store.native,
      `${REPORT} AND ${matching} ${NEWEST} LIMIT 100; SELECT count(*) AS n FROM call WHERE ${SHOWN} AND ${matching}`,
    ),
    [
      (body) => `${rowsOf(body)} ${JSON.parse(body.toString()).json_obj_filter.totalcount}`,
      (body) => {
        const text = body.toString();
        const at = text.lastIndexOf('[{"n":');
        return `${plainRows(body.subarray(0, Buffer.byteLength(text.slice(0, at))))} ${JSON.parse(text.slice(at))[0].n}`;
      },
    ],
  );
  return [compared(`9006, src=${pattern}: newest 100 and count | sqlite3, a scan`, most, figures)];
}

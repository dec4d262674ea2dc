/** The rules, each with what it would remove now as it is typed. */
import { useEffect, useState } from 'preact/hooks';
import type { RetentionShown, RuleRow } from '../../contract.ts';
import { bytes, whole } from '../format.ts';
import { Failure } from '../parts/failure.tsx';
import { SettingText } from '../parts/setting.tsx';
import { useText } from '../text.ts';
import { type Asked, useAsk } from '../use-ask.ts';
import type { SettingsForm } from '../use-settings.ts';
import { RULES } from './rules.ts';

const RETENTION = 30026;
/** Somebody is still typing. */
const QUIET_MS = 400;

interface RuleFieldsProps {
  readonly form: SettingsForm;
  /** By the rules as they are saved. */
  readonly now: Asked<RetentionShown>;
}

export function RuleFields({ form, now }: RuleFieldsProps) {
  const t = useText('retention');
  const typed = Object.fromEntries(
    RULES.filter(({ name }) => form.dirty.includes(name)).map(({ name }) => [name, form.value(name)]),
  );
  const settled = useSettled(JSON.stringify(typed));
  const isThought = settled !== '{}';
  const thought = useAsk<RetentionShown>(
    RETENTION,
    isThought ? { limit: 0, ...(JSON.parse(settled) as Record<string, string>) } : null,
  );
  const shown = isThought ? thought : now;
  const rows = new Map(shown.answer?.json_array_rules.map((row) => [row.rule, row]));
  const isLate = settled !== JSON.stringify(typed) || shown.busy;
  return (
    <>
      {now.error && <Failure error={now.error} again={now.again} />}
      <div class="rules">
        {RULES.map(({ name, key, max }) => (
          <div key={name} class="rule">
            <SettingText
              form={form}
              name={name}
              type="number"
              min={0}
              max={max}
              label={t[key]}
              hint={t[`${key}Hint`]}
            />
            <p class="rule-effect" aria-live="polite">
              <Effect row={rows.get(name)} value={form.value(name)} isLate={isLate} />
            </p>
          </div>
        ))}
      </div>
    </>
  );
}

interface EffectProps {
  readonly row: RuleRow | undefined;
  readonly value: string;
  readonly isLate: boolean;
}

function Effect({ row, value, isLate }: EffectProps) {
  const t = useText('retention');
  if (Number(value) === 0) return <span class="soft">{t.offNow}</span>;
  if (isLate || !row) return <span class="soft">{t.asking}</span>;
  if (row.count === 0) return <span class="soft">{t.nothingNow}</span>;
  const count = whole(row.count);
  return (
    <strong>
      {row.bytes === undefined
        ? t.callsNow(count, row.oldest, row.newest)
        : t.recordingsNow(count, bytes(row.bytes), row.oldest, row.newest)}
    </strong>
  );
}

/** The text once it has stayed the same for a moment. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), QUIET_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

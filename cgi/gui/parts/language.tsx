/** In which language the pages speak: kept in this browser. */
import { LANGUAGES, type Language, language, speak, useText } from '../text.ts';
import { Field } from './field.tsx';

export function LanguageChoice() {
  const t = useText('common');
  return (
    <Field label={t.language} class="language">
      {(control) => (
        <select {...control} value={language} onChange={(event) => speak(event.currentTarget.value as Language)}>
          {Object.entries(LANGUAGES).map(([tag, name]) => (
            <option key={tag} value={tag} lang={tag}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

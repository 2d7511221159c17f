import { useId, useState } from "react";
import { Icon } from "../../ui/Icon";
import { useForm } from "../context";

const BYTES = 32;

/** 256 random bits, as text that every sender takes. */
function generated(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

interface Props {
  /** It goes out with calls, so it must say to which hosts it may go. */
  leaves: boolean;
  pick(name: string): void;
}

/** Makes a secret of the workspace without leaving the canvas, and picks it. */
export function NewSecret({ leaves, pick }: Props) {
  const [isOpen, setOpen] = useState(false);
  if (useForm().readOnly) return null;
  return isOpen ? (
    <Fields leaves={leaves} pick={pick} close={() => setOpen(false)} />
  ) : (
    <button type="button" className="add" onClick={() => setOpen(true)}>
      <Icon name="plus" />
      New secret
    </button>
  );
}

function Fields({ leaves, pick, close }: Props & { close(): void }) {
  const { makeSecret } = useForm();
  const id = useId();
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const [hosts, setHosts] = useState("");
  const [wrong, setWrong] = useState("");
  const make = async () => {
    const trouble = await makeSecret({ name: name.trim(), value, hosts });
    setWrong(trouble);
    if (trouble) return;
    pick(name.trim());
    close();
  };
  return (
    <div className="inset new-secret" role="group" aria-label="New secret">
      <label htmlFor={`${id}name`}>Name</label>
      <input
        id={`${id}name`}
        value={name}
        maxLength={100}
        onChange={(event) => setName(event.target.value)}
      />
      <label htmlFor={`${id}value`}>Value</label>
      <input
        id={`${id}value`}
        value={value}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setValue(event.target.value)}
      />
      {leaves ? (
        <>
          <label htmlFor={`${id}hosts`}>May be sent to</label>
          <input
            id={`${id}hosts`}
            value={hosts}
            placeholder="api.example.com"
            onChange={(event) => setHosts(event.target.value)}
          />
        </>
      ) : (
        <p className="hint">Give the sender the same value. It is shown only now.</p>
      )}
      {wrong && (
        <p className="wrong" role="alert">
          <Icon name="circle-alert" />
          {wrong}
        </p>
      )}
      <span className="new-secret-buttons">
        <button type="button" className="button primary" onClick={() => void make()}>
          Make it
        </button>
        {!leaves && (
          <button type="button" className="button" onClick={() => setValue(generated())}>
            Generate
          </button>
        )}
        <button type="button" className="button" onClick={close}>
          Cancel
        </button>
      </span>
    </div>
  );
}

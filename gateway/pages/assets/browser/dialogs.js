// Questions, in the browser's own dialogues: they hold the focus, Escape closes them, and what is behind rests.

import {button, element} from "./dom.js";

// Shows a form in a dialogue. The promise is of its fields, or null where it was left.
function ask(title, contents, {label, kind = "primary", onSubmit}) {
  return new Promise((resolve) => {
    const problem = element("p", {class: "form-problem", role: "alert"});
    const confirm = element("button", {class: `button ${kind}`, type: "submit"}, label);
    const heading = element("h2", {id: "dialog-title"}, title);
    const cancel = button("Cancel", {click: () => dialog.close()});
    const actions = element("div", {class: "actions"}, cancel, confirm);
    const form = element("form", {method: "dialog"}, heading, contents, problem, actions);
    const dialog = element("dialog", {"aria-labelledby": "dialog-title"}, form);
    let answer = null;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const fields = Object.fromEntries(new FormData(form));
      confirm.disabled = true;
      try {
        answer = (await onSubmit?.(fields)) ?? fields;
        dialog.close();
      } catch (error) {
        problem.textContent = error.message;
      }
      confirm.disabled = false;
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

function field(label, attributes, hint) {
  const help = hint && element("span", {class: "hint", id: `${attributes.name}-hint`}, hint);
  const described = hint ? {"aria-describedby": `${attributes.name}-hint`} : {};
  return element("label", {class: "field"}, element("span", {}, label), element("input", {autocomplete: "off", spellcheck: "false", ...described, ...attributes}), help);
}

const NAME = "[A-Za-z0-9_\\-]+";

export function askForBucket(create) {
  const shown = element("code", {}, "master.…");
  const contents = element(
    "div",
    {input: (event) => shown.replaceChildren(bucketName(new FormData(event.currentTarget.closest("form"))) || "…")},
    element("p", {}, "A bucket is a branch of a repo. The new branch is empty; its repo is created if it is missing."),
    field("Repo", {name: "repo", required: true, pattern: NAME, autofocus: true}, "Letters, digits, - and _"),
    field("Branch", {name: "branch", required: true, pattern: NAME, value: "master"}),
    field("Project", {name: "project", pattern: NAME, placeholder: "default"}, "It must exist already"),
    element("p", {class: "result"}, "Bucket name: ", shown),
  );
  const onSubmit = async (fields) => {
    const bucket = bucketName(new Map(Object.entries(fields)));
    await create(bucket);
    return {bucket};
  };
  return ask("New bucket", contents, {label: "Create bucket", onSubmit});
}

function bucketName(fields) {
  const project = fields.get("project");
  const parts = [fields.get("branch"), fields.get("repo"), ...(project && project !== "default" ? [project] : [])];
  return parts.join(".");
}

export function askToDelete(what, names, text) {
  const shown = names.slice(0, 6).map((name) => element("li", {}, name));
  const more = names.length > 6 && element("li", {}, `and ${names.length - 6} more`);
  return ask(`Delete ${what}?`, element("div", {}, element("ul", {class: "names"}, shown, more), element("p", {}, text)), {label: "Delete", kind: "danger"});
}

// The branch goes with its commits, which nothing brings back: so its name is to be typed.
export function askToDeleteBucket(bucket, remove) {
  const contents = element(
    "div",
    {},
    element("p", {}, "Only an empty bucket can be deleted. Its branch goes, and with the last branch of a repo the repo and all of its history."),
    field(`Type ${bucket} to confirm`, {name: "typed", required: true, autofocus: true}),
  );
  const onSubmit = async ({typed}) => {
    if (typed !== bucket) throw new Error("That is another name.");
    await remove();
  };
  return ask(`Delete the bucket ${bucket}?`, contents, {label: "Delete bucket", kind: "danger", onSubmit});
}

export function askToReplace(key, hasHistory) {
  const keeps = hasHistory ? "The version that is there now stays in the history." : "The commit with the object that is there now stays in PFS, but it cannot be reached from here.";
  const contents = element(
    "div",
    {},
    element("p", {}, element("code", {}, key), " exists already. ", keeps),
    element("label", {class: "check"}, element("input", {type: "checkbox", name: "forAll"}), "Do the same for all others"),
  );
  return choose("Replace the object?", contents, {Skip: "skip", Replace: "replace"});
}

// A dialogue with several answers. The promise is of the chosen one and of the fields.
function choose(title, contents, answers) {
  return new Promise((resolve) => {
    const made = Object.entries(answers).map(([label, value], index) =>
      element("button", {class: `button ${index ? "primary" : ""}`, value}, label),
    );
    const form = element("form", {method: "dialog"}, element("h2", {id: "dialog-title"}, title), contents, element("div", {class: "actions"}, made));
    const dialog = element("dialog", {"aria-labelledby": "dialog-title"}, form);
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve({choice: dialog.returnValue || "skip", ...Object.fromEntries(new FormData(form))});
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

export function askForKeys(session, check) {
  if (!session.canSign) {
    const text = "Browsers sign requests only on HTTPS and on this machine. Open this page at an address that begins with https://, or at localhost.";
    return choose("Sign in", element("p", {}, text), {Close: "close"});
  }
  const contents = element(
    "div",
    {},
    element("p", {}, "Requests are signed in this page. The pair stays in this tab, and is gone when you close it."),
    field("Access key", {name: "accessKey", required: true, autofocus: true, autocomplete: "username"}),
    field("Secret key", {name: "secretKey", required: true, type: "password", autocomplete: "current-password"}),
  );
  const onSubmit = async ({accessKey, secretKey}) => {
    const pair = [accessKey.trim(), secretKey.trim()];
    session.signIn(...pair);
    try {
      await check().catch((error) => inRegionOf(error, session, pair, check));
    } catch (error) {
      session.signOut();
      throw error;
    }
  };
  return ask("Sign in", contents, {label: "Sign in", onSubmit});
}

// A gateway that wants another region's name says which.
function inRegionOf(error, session, pair, check) {
  if (!error.region) throw error;
  session.signIn(...pair, error.region);
  return check();
}

// Signing in, and choosing a password.

import { post } from "./api.js";
import { el } from "./text.js";

function form(title, hint, fields, label, submit) {
  const problem = el("p", { class: "problem", role: "alert" });
  const button = el("button", { class: "primary" }, label);
  const element = el(
    "form",
    {
      class: "card account-form",
      submit: async (event) => {
        event.preventDefault();
        button.disabled = true;
        problem.replaceChildren();
        try {
          await submit(Object.fromEntries(new FormData(element)));
        } catch (error) {
          problem.replaceChildren(el("span", {}, error.message));
        } finally {
          button.disabled = false;
        }
      },
    },
    el("h1", {}, title),
    hint && el("p", { class: "hint" }, hint),
    fields.map(([name, text, attributes]) =>
      el("label", {}, text, el("input", { name, required: true, ...attributes })),
    ),
    problem,
    button,
  );
  queueMicrotask(() => element.querySelector("input").focus());
  return element;
}

export function signIn(_page, entered) {
  return form(
    "Sign in",
    null,
    [
      [
        "username",
        "User name",
        { autocomplete: "username", maxlength: 64, autocapitalize: "none", spellcheck: "false" },
      ],
      ["password", "Password", { type: "password", autocomplete: "current-password", maxlength: 72 }],
    ],
    "Sign in",
    async (credentials) => {
      await post("/auth/login", credentials);
      await entered();
    },
  );
}

export function changePassword(_page, entered) {
  return form(
    "Choose a password",
    "Somebody else chose the one that you have. 12 characters at least.",
    [
      ["old_password", "Present password", { type: "password", autocomplete: "current-password" }],
      [
        "new_password",
        "New password",
        { type: "password", autocomplete: "new-password", minlength: 12, maxlength: 72 },
      ],
    ],
    "Change password",
    async (passwords) => {
      await post("/auth/change-password", passwords);
      await entered();
    },
  );
}

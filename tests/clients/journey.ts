// The main journey with types that were generated from the API document: `node journey.js BASE`.

import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./schema.js";

declare const process: { argv: string[] };

const base = process.argv[2]!;
const api = createClient<paths>({ baseUrl: base });
let token = "";
const asLearner: Middleware = {
  onRequest({ request }) {
    if (token) request.headers.set("Authorization", `Bearer ${token}`);
    return request;
  },
  onResponse({ response }) {
    const cookie = /token=([^;]+)/.exec(response.headers.get("Set-Cookie") ?? "");
    if (cookie) token = cookie[1]!;
    return undefined;
  },
};
api.use(asLearner);

function ok<Data>(answer: { data?: Data; error?: unknown }): Data {
  if (answer.data === undefined) throw new Error(JSON.stringify(answer.error));
  return answer.data;
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

const name = `ts_${Math.random().toString(36).slice(2)}`;
const login = { email: `${name}@example.org`, password: "una clave bien larga 9" };
ok(await api.POST("/api/auth/register", { body: { name: "Ana", username: name, ...login } }));
ok(await api.POST("/api/auth/login", { body: login }));
const me = ok(await api.GET("/api/auth/check-auth"));
check(me.isAuthenticated && me.user?.username === name, "who am I");

const made = ok(await api.POST("/api/challenges/generate", { body: { theme: "Historia", level: "principiante" } }));
const letters: components["schemas"]["Option"]["letter"][] = made.question.options.map((option) => option.letter);
check(letters.join("") === "ABCD", "four options");
const answer = { selectedAnswer: "A", responseTime: 2.5 };
const graded = ok(
  await api.POST("/api/challenges/save-response", { body: { questionId: made.savedQuestionId!, ...answer } }),
);
check(graded.isCorrect === (graded.correctAnswer === "A"), "graded");

const { error, response } = await api.POST("/api/challenges/save-response", { body: { questionId: 987654321, ...answer } });
check(response.status === 404 && error?.code === "not_found", "unknown question");
// @ts-expect-error  A code that this answer cannot have does not compile.
check(error?.code !== "not_fuond", "misspelt");
check(ok(await api.GET("/api/challenges", { params: { query: { limit: 5 } } })).results.length >= 1, "list");

const session = ok(await api.POST("/api/intensive-review/start", { body: { theme: "Historia", gameMode: "timed" } }));
for (const question of session.challenges) {
  const body = { sessionId: session.sessionId, questionId: question.id, ...answer };
  ok(await api.POST("/api/challenges/save-intensive-response", { body }));
}
const result = ok(await api.POST("/api/intensive-review/save-results", { body: { sessionId: session.sessionId } }));
const params = { path: { user_id: me.user!.id } };
const overall = ok(await api.GET("/api/metrics/user/{user_id}/metrics/overall", { params }));
check(overall.total_points === result.points, "metrics");
check(ok(await api.POST("/api/tutor/advice", { body: {} })).recommendations.length > 0, "tutor");
console.log("done");

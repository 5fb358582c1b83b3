// @ts-check
/** Texts of the pickers: what a server has, and how it was found out. */

/** @satisfies {Record<string, import("./languages.js").Text>} */
export const PICKER = {
  "picker.search": { en: "Search", zh: "搜索", ja: "検索", de: "Suchen" },
  "picker.none": { en: "None", zh: "无", ja: "なし", de: "Keine Auswahl" },
  "picker.choose": {
    en: "choose a model",
    zh: "选择模型",
    ja: "モデルを選択",
    de: "Modell wählen",
  },
  "picker.chosen": { en: "Chosen", zh: "已选", ja: "選択中", de: "Gewählt" },
  "picker.deprecated": { en: "Deprecated", zh: "已弃用", ja: "非推奨", de: "Veraltet" },
  "picker.absent": {
    en: "Not on the server",
    zh: "服务器上没有",
    ja: "サーバーにないもの",
    de: "Nicht auf dem Server",
  },
  "picker.typed": {
    en: "Use “{text}” as typed",
    zh: "按输入使用“{text}”",
    ja: "「{text}」をそのまま使う",
    de: "„{text}“ so übernehmen",
  },
  "picker.missing": {
    en: "not on the server",
    zh: "服务器上没有",
    ja: "サーバーにありません",
    de: "nicht auf dem Server",
  },
  "picker.unfit": {
    en: "for {version}",
    zh: "用于 {version}",
    ja: "{version} 用",
    de: "für {version}",
  },
  "picker.missing.hint": {
    en: "The server does not have {value}. The choice is kept.",
    zh: "服务器上没有 {value}。选择会保留。",
    ja: "サーバーに {value} はありません。選択はそのまま残ります。",
    de: "Der Server hat {value} nicht. Die Wahl bleibt erhalten.",
  },
  "picker.unfit.hint": {
    en: "{value} is for {version}; a server ignores it with this model.",
    zh: "{value} 用于 {version}；服务器在使用此模型时会忽略它。",
    ja: "{value} は {version} 用です。このモデルではサーバーに無視されます。",
    de: "{value} ist für {version}; mit diesem Modell übergeht der Server es.",
  },
  "picker.all": {
    en: "Show all versions",
    zh: "显示所有版本",
    ja: "すべてのバージョン",
    de: "Alle Versionen zeigen",
  },
  "picker.refresh": {
    en: "Read the list again",
    zh: "重新读取列表",
    ja: "一覧を読み直す",
    de: "Liste neu lesen",
  },
  "picker.read": {
    en: "read {when}",
    zh: "读取于{when}",
    ja: "{when}に読み込み",
    de: "gelesen {when}",
  },
  "picker.more": {
    en: "{count} more: type to narrow them down",
    zh: "还有 {count} 个：输入文字以缩小范围",
    ja: "ほか {count} 件：入力して絞り込めます",
    de: "{count} weitere: tippen, um einzugrenzen",
  },
  "picker.nothing": {
    en: "Nothing on the server matches.",
    zh: "服务器上没有匹配项。",
    ja: "一致するものはサーバーにありません。",
    de: "Nichts auf dem Server passt dazu.",
  },
  "picker.lacks": {
    en: "The server has none for this model.",
    zh: "服务器上没有适用于此模型的项目。",
    ja: "このモデルに使えるものはサーバーにありません。",
    de: "Der Server hat keine für dieses Modell.",
  },
  "picker.unwired": {
    en: "No Connect leads here. Wire this node to one to see what its server has.",
    zh: "没有连接到“连接”节点。连线后可查看其服务器上的内容。",
    ja: "「接続」ノードにつながっていません。つなぐとサーバーの内容が表示されます。",
    de: "Kein „Verbinden“ führt hierher. Mit einem verbunden, zeigt dieser Node, was dessen Server hat.",
  },
  "picker.linked": {
    en: "The server's address comes from another node and is known only when the graph runs.",
    zh: "服务器地址来自其他节点，只有运行时才知道。",
    ja: "サーバーのアドレスは別のノードから来るため、実行時にわかります。",
    de: "Die Adresse des Servers kommt aus einem anderen Node und ist erst beim Lauf bekannt.",
  },
  "picker.unasked": {
    en: "This server has not been asked yet what it has.",
    zh: "尚未询问此服务器有哪些内容。",
    ja: "このサーバーにはまだ内容を問い合わせていません。",
    de: "Dieser Server wurde noch nicht gefragt, was er hat.",
  },
  "picker.ask": {
    en: "Ask {server}",
    zh: "询问 {server}",
    ja: "{server} に問い合わせる",
    de: "{server} fragen",
  },
  "picker.asking": {
    en: "Asking {server} …",
    zh: "正在询问 {server} …",
    ja: "{server} に問い合わせ中 …",
    de: "{server} wird gefragt …",
  },
  "picker.again": { en: "Try again", zh: "重试", ja: "再試行", de: "Erneut versuchen" },
  "picker.official": {
    en: "The server's model browser is off, so this is the app's own list. What the server lacks comes last; other names can be typed.",
    zh: "服务器的模型浏览已关闭，这是应用自带的列表。服务器缺少的项目排在最后；其他名称可以直接输入。",
    ja: "サーバーのモデルブラウザーがオフのため、アプリの標準一覧を表示しています。サーバーにないものは最後に並び、ほかの名前は入力できます。",
    de: "Der Modell-Browser des Servers ist aus, daher ist dies die Liste der App. Was der Server nicht hat, steht am Ende; andere Namen lassen sich eintippen.",
  },
  "picker.embedding": {
    en: "insert embedding",
    zh: "插入嵌入",
    ja: "エンベディングを挿入",
    de: "Embedding einfügen",
  },
};

import { maybe, type Plot, SKY } from '../plot.js'

export const baking: Plot = {
  name: 'baking',
  hero: 'child',
  cast: { helper: 'parent|grand|older', guest: 'friend|neighbor' },
  foods: { cake: 'baked' },
  place: 'in home',
  rows: {
    mishap: [
      'took the salt instead of the sugar / They tasted it. Yuck! It was as salty as the sea. / threw it away and began again, this time with sugar',
      'dropped an egg on the floor / Splat! The egg ran everywhere. / wiped the floor and took another egg',
      'spilled the flour / A white cloud filled the kitchen, and they looked like two snowmen. / swept up the flour and took some more',
      'forgot the butter / The dough was as dry as sand. / added the butter and stirred again',
      'put in too much milk / The dough was as thin as soup. / added more flour until it was just right',
      'tipped over the milk / The milk ran over the table and dripped on the floor. / wiped it up and got some more milk',
      'burned the first ones / Black smoke came out of the oven. / opened the window and tried once more',
      'could not find the sugar / The sugar jar was empty. / took honey from the shelf instead',
      'stirred too fast / The dough flew against the wall. / wiped the wall and stirred slowly',
    ],
  },
  want: 'cake',
  beats: [
    `- [Day], [hero] wanted to bake [cake]. "Can you help me?" [hero.he] asked [helper].
     - [Day], it was cold outside. "Let us bake [cake]," said [helper]. [Hero] clapped for joy.
     - [Day], [hero] came into the kitchen. [Helper] was standing there with a bowl. "Do you want to bake
       [cake] with me?"
     - [Day], [hero] had $idea. [Hero.He] wanted to bake [cake] for [guest].
     - [Day], [hero] was hungry for something sweet. "We could bake [cake]," said [helper].`,
    `- They washed their hands and put on aprons. On the table were flour, eggs, butter and milk.
     - First they got everything ready: flour, sugar, eggs and a big spoon.
     - [Hero] stood on a chair to reach the table. [Helper] read what they needed.
     - "What do we need?" asked [hero]. "Flour, butter, eggs and a lot of love," said [helper].`,
    `- [Hero] poured the flour into the bowl, and [helper] added the eggs.
     - [Hero] was allowed to break the eggs. Crack, crack! Then [hero.he] stirred and stirred.
     - They mixed everything with a wooden spoon until it was soft.
     - [Helper] showed [hero] how to stir. "Not too fast," said [helper].`,
    `- But then [hero] [mishap]. [Mishap.b]
     - Then it happened: [hero] [mishap]. [Mishap.b]
     - [Hero] was so excited that [hero.he] [mishap]. [Mishap.b]
     - For a moment [hero] did not pay attention and [mishap]. [Mishap.b]`,
    `- [Hero] was almost in tears. But [helper] only laughed. "That can happen to anyone," said [helper]. They
       [mishap.c].
     - "I am sorry," said [hero]. "Don't worry," said [helper]. So they [mishap.c].
     - "Oops!" said [hero]. They looked at each other and laughed. Then they [mishap.c].
     - "Now everything is spoiled!" cried [hero]. "No, it is not," said [helper]. They [mishap.c].`,
    `- Then it went into the hot oven. Soon the whole house smelled wonderful.
     - [Helper] opened the oven, because it was very hot. Then they had to wait. That was the hardest part.
     - [Hero] sat in front of the oven and watched. It smelled better every minute.
     - "How long does it take?" asked [hero] again and again. $finally, the clock rang.`,
    `- At last they ate [cake.it] while [cake.they] [cake.was] still warm.
     - When it was time, [helper] took [cake.it] out. [Cake.They] [cake.was] golden and soft and $verygood.
     - They gave some to [guest]. "Did you make [cake.it] yourself?" asked [guest]. [Hero] nodded proudly.
     - [Guest] came to visit, and they all ate together. "This is the best I ever had," said [guest].
     - [Hero] took the first bite. "Mmm!" [hero.he] said with [hero.his] mouth full.`,
    maybe(
      0.5,
      `- Then they washed the dishes together.
     - They even kept some for the next day.
     - "Next time I will do it all by myself," said [hero].
     - There was flour on [hero.his] nose, and everyone laughed.`,
    ),
  ],
  moral:
    'everyone makes mistakes, and that is all right|things taste best when one makes them together|one should not give up when something goes wrong|it is fun to cook with somebody one loves',
  feelings: 'happy|proud|full and happy|cozy',
  questions: `
    What did they bake? = They baked [cake].
    Who baked with [hero.full]? = [Helper.full] baked with [hero.full].
    What went wrong? = [Hero.full] [mishap].`,
}

export const picnic: Plot = {
  name: 'picnic',
  cast: { friend: 'friend', parent: 'parent' },
  foods: { snack: 'snack', meal: 'snack' },
  place: 'out open play|water out wild|trees out walk',
  rows: {
    trouble: [
      'a long line of ants came over the blanket / carried the food away, crumb by crumb / put some crumbs on a leaf for them, far from the blanket / ants',
      'a cow came through the gate / began to eat the food / gave it an apple and led it back to the field / a cow',
      'a family of ducks came out of the water / wanted to have lunch, too / threw them some bread, and they swam away / ducks',
      'a cheeky squirrel jumped on the blanket / carried the biggest piece up a tree / laughed and left a nut for it under the tree / a squirrel',
      'it began to rain / made everything wet / held the blanket over their heads and ate under it / rain',
      'a gust of wind came / blew the napkins into the bushes / put stones on the corners and ran after the napkins / wind',
      'a bee came buzzing along / flew around the sweetest thing on the blanket / put a drop of jam on a stone for it, and it left them alone / a bee',
      'a goat came down the path / ate a piece of the blanket / pulled the blanket back and gave the goat some grass / a goat',
      'a big dog ran over the blanket / sat down right in the food / threw a stick for it, and off it went / a dog',
      'a crow flew down from a branch / picked up a shiny spoon / traded the spoon for a piece of bread / a crow',
    ],
  },
  want: 'trouble',
  beats: [
    `- [Day], [hero] and [friend] packed a basket. They wanted to have a picnic [place.in].
     - [Day], [hero] said to [friend], "Let us have a picnic [place.in]!"
     - [Day], the weather was perfect for a picnic. [Hero] and [friend] went [place.to] with a full basket.
     - [Day], [hero] asked [parent] for a picnic with [friend]. "What a nice idea," said [parent].`,
    SKY,
    `- [Parent] gave them [snack.some] and [meal.some]. It was a heavy basket!
     - In the basket there were [snack] and [meal], and even a bottle of lemonade.
     - [Hero] brought [snack], and [friend] brought [meal].
     - "I have [snack]," said [hero]. "And I have [meal]," said [friend].`,
    `- They put a blanket on the grass, sat down and were about to eat.
     - They found a nice place in the shade and put everything on a blanket.
     - The blanket was red and white. They put out plates and cups.
     - When everything was ready, [friend] said, "Now let us eat!"`,
    `- $atonce, [trouble] and [trouble.b].
     - But what was that? [Trouble] and [trouble.b]!
     - "Look!" cried [friend]. Just at that moment, [trouble] and [trouble.b].
     - They wanted to begin, but [trouble] and [trouble.b].`,
    `- "Go away!" cried [hero], but that did not help.
     - "$ohno, our picnic!" said [friend].
     - [Hero] jumped up. What could they do?
     - [Friend] was upset. But [hero] began to laugh.
     - They looked at each other with big eyes.`,
    `- Then [hero] had $idea. They [trouble.c].
     - "I know what to do," said [hero]. They [trouble.c].
     - [Friend] thought about it. "Let us try this," said [friend]. They [trouble.c].
     - They did not get angry. They [trouble.c].`,
    `- After that, they could eat in peace. The [snack.bare] tasted even better now.
     - So they had their picnic after all, and they laughed the whole time.
     - There was enough left for both of them. "It was the funniest picnic ever," said [friend].
     - Then they lay on their backs and looked at the sky until it was time to go.`,
    maybe(
      0.5,
      `- "What was the best part?" asked [parent] in the evening. "The trouble!" they both said.
     - At home, they told [parent] all about it.
     - They carried the empty basket home, singing.`,
    ),
  ],
  moral:
    'one can laugh about many things|a little trouble can make a day special|there is enough for everyone|it helps to stay calm',
  feelings: 'happy|content|cheerful|full',
  questions: `
    What made trouble at the picnic? = It was [trouble.d].
    Where was the picnic? = The picnic was [place.in].
    Who was with [hero.full]? = [Friend.full] was with [hero.full].`,
}

export const greedy: Plot = {
  name: 'greedy',
  traits: 'greedy|hungry|little|merry|young',
  hero: 'animal',
  cast: { friend: 'friend', wise: 'parent|old' },
  foods: { snack: 'snack' },
  wildPlace: 'trees out|out wild walk',
  want: 'snack',
  beats: [
    `- [Day], [hero] found a whole heap of [snack.bare] [place.in]. There was more than one could eat in a
       week.
     - [Day], [hero] came upon a basket full of [snack.bare] [place.in]. It stood [place.spot].
     - [Day], [hero] smelled something good. It was [snack]! A big pile lay [place.spot].
     - [Day], somebody had left a lot of [snack.bare] [place.in]. [Hero] could not believe [hero.his] luck.`,
    `- Just then, [friend] came by. "May I have a little?" asked [friend]. "No, it is all mine," said [hero].
     - [Friend] was hungry, too. "Will you share with me?" [friend.he] asked. But [hero] shook [hero.own]
       head.
     - "There is so much of it," said [friend]. "Can we eat together?" "I found it first!" said [hero].
     - Then [hero] heard [friend] coming. [Hero.He] quickly covered everything with leaves and said nothing.`,
    `- [Hero] ate and ate. [Hero.He] ate until nothing was left.
     - When [friend] was gone, [hero] ate all of it, down to the last bite.
     - [Hero] could not stop. One more, and one more, and one more!
     - [Hero] ate so fast that [hero.he] hardly tasted it.`,
    `- Then [hero.his] tummy began to hurt. "Ouch, ouch!" cried [hero].
     - After that, [hero] could not move anymore. [Hero.His] tummy was as round as a ball.
     - Soon [hero] felt sick. [Hero.He] lay under a bush and groaned.
     - In the evening, [hero] had a terrible tummy ache.`,
    `- [Wise] heard it. "What did you eat?" asked [wise]. [Hero] told the truth. "If you had shared, you would
       not be ill now," said [wise].
     - [Wise] made some warm tea for [hero]. "Too much is too much," said [wise].
     - "Oh, you silly one," said [wise]. "What is too much for one is just right for two."
     - [Wise] came and put a warm leaf on [hero.his] tummy. "Next time, think of your friends," said [wise].`,
    `- The next day, [friend] came with some soup. "I heard that you are ill," said [friend]. [Hero] felt
       ashamed.
     - [Friend] was not angry. [Friend.He] sat with [hero] until the pain was gone.
     - When [friend] heard about it, [friend.he] came to see [hero]. "I am sorry that I did not share," said
       [hero].
     - [Hero] went to see [friend] as soon as [hero.he] felt better. "I was greedy," [hero.he] said. "Please
       forgive me."`,
    `- A week later, [hero] found some berries. This time [hero.he] called [friend] at once, and they ate them
       together.
     - After that, [hero] shared everything, and it tasted twice as good.
     - When [hero] found something good again, [hero.he] cut it in two. The bigger half was for [friend].
     - Since then, [hero] never eats alone.`,
  ],
  moral:
    'it is better to share than to have too much|being greedy hurts oneself most|food tastes best with friends|enough is better than too much',
  feelings: 'better|happy|wiser|thankful',
  questions: `
    What did [hero.full] find? = [Hero.full] found [snack].
    Who wanted to have some, too? = [Friend.full] wanted to have some, too.
    Why did the tummy of [hero.full] hurt? = [Hero.full] ate too much.`,
}

export const shopping: Plot = {
  name: 'shopping',
  hero: 'child',
  traits: 'dreamy|helpful|busy|curious|proud',
  cast: { parent: 'parent|grand', seller: 'seller' },
  place: 'shop walk out|shop walk',
  rows: {
    list: [
      'bread, milk and eggs / a big red hat, silk and pegs / bread, silk and pegs',
      'a pear, a carrot and some cheese / a bear, a parrot and some bees / a bear, a carrot and some peas',
      'butter, honey and jam / a cutter, a bunny and a ham / butter, a bunny and jam',
      'rice, beans and a cake / mice, jeans and a rake / rice, jeans and a cake',
      'peas, meat and a bun / bees, wheat and a drum / peas, wheat and a drum',
      'corn, fish and a plum / a horn, a dish and some gum / a horn, fish and some gum',
      'soap, a brush and a nail / rope, a bush and a pail / soap, a bush and a pail',
      'a lemon, oil and a pie / a melon, soil and a tie / a melon, oil and a tie',
      'tea, sugar and nuts / a key, a rug and some boots / a key, sugar and boots',
    ],
  },
  want: 'list',
  beats: [
    `- [Day], [parent] said, "Please go to the shop and buy [list]." [Hero] was proud, because [hero.he] could
       go alone.
     - [Day], [parent] gave [hero] some money and a bag. "We need [list]," said [parent].
     - "Can you go shopping for me?" [parent] asked [hero] one day. "I need [list]."
     - [Day], [hero] was allowed to go shopping alone for the first time. [Parent] needed [list].`,
    `- "Shall I write it down?" asked [parent]. "No, I will remember it," said [hero].
     - [Hero] did not want a list. [Hero.He] said the words again and again: "[List]."
     - "[List]," [hero] sang on the way. "[List]."
     - [Hero] walked down the street and said, "[List]," at every step.`,
    `- But on the way, there was so much to see. A man was juggling, and [hero] stopped to watch.
     - Then a little dog ran by, and [hero] petted it. After that, [hero.he] was not so sure anymore.
     - On the way, [hero] jumped over a puddle. Splash! And with the splash, the words got mixed up.
     - Then [hero] met a friend and talked for a while. When [hero.he] walked on, [hero.he] had forgotten half
       of it.`,
    `- In the shop, [hero] said, "I would like [list.c], please."
     - "What can I do for you?" asked [seller] in the shop. "I need [list.c]," said [hero].
     - When [hero.he] got to the shop, [hero] thought $hard. "It was [list.c]," [hero.he] said.
     - [Hero] put the money on the counter. "[List.c], please," [hero.he] said.`,
    `- [Seller] looked at [hero] and laughed. "Are you sure? What does your family want to do with that?"
     - "How funny!" said [seller]. "I do not think that is right."
     - [Seller] scratched [seller.own] head. "That is a strange list," said [seller].
     - [Hero] turned red. Something was wrong.`,
    `- [Hero] closed [hero.his] eyes and sang the song again, from the beginning. Then [hero.he] knew it:
       "[List]!"
     - [Seller] said, "Think of what is on the table at home." [Hero] thought about it. "[List]!" [hero.he]
       shouted.
     - "Take your time," said [seller]. Slowly, the right words came back: [list].
     - [Hero] ran home and asked again. "[List]," said [parent], and this time [parent.he] wrote it down.`,
    `- So [hero] came home with the right things. "Well done," said [parent].
     - [Hero] carried the heavy bag home. Everything was there.
     - At home, [hero] told [parent] what had happened, and they laughed until they cried.
     - "You are a great help," said [parent] and $hug [hero].`,
    maybe(
      0.5,
      `- The next time, [hero] took a list along.
     - "And next time, I will write it down," said [hero].
     - For the way, [seller] had given [hero] an apple.`,
    ),
  ],
  moral:
    "it is good to write things down|it helps to think calmly|everyone forgets something now and then|one can laugh about one's own mistakes",
  feelings: 'proud|happy|big|glad',
  questions: `
    What did [parent.full] need? = [Parent.full] needed [list].
    Who sent [hero.full] shopping? = [Parent.full] sent [hero.full] shopping.
    What did [hero.full] ask for first? = [Hero.full] asked for [list.c].`,
}
